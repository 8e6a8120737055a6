/** Wakes whoever waits; ringing while nobody waits is remembered once. */
export class Bell {
  #rung = false;
  #wake: (() => void) | undefined;

  ring(): void {
    const wake = this.#wake;
    if (wake === undefined) {
      this.#rung = true;
    } else {
      this.#wake = undefined;
      wake();
    }
  }

  /** Forgets the present waiter, who has been woken by something else. */
  forget(): void {
    this.#wake = undefined;
  }

  /** Resolves at the next ring, at once if there was one since the last wait. For one waiter at a time. */
  wait(): Promise<void> {
    if (this.#rung) {
      this.#rung = false;
      return Promise.resolve();
    }
    return new Promise((resolve) => (this.#wake = resolve));
  }
}
