interface Flight<T> {
  /** Resolves when the work that is under way has ended, however. */
  readonly over: Promise<void>;
  /** The one after it, as soon as somebody waits for it. */
  next: Promise<T> | undefined;
}

/** Work that many ask for at the same time, and that one who does it does for all. */
export class SharedWork<T> {
  readonly #flights = new Map<string, Flight<T>>();

  /**
   * Resolves with what came of work that began after this call. While such work is under way for the same name, all who ask
   * for it share the one that follows.
   */
  do(name: string, work: () => Promise<T>): Promise<T> {
    const flight = this.#flights.get(name);
    if (flight === undefined) return this.#begin(name, work);
    flight.next ??= flight.over.then(() => this.#begin(name, work));
    return flight.next;
  }

  #begin(name: string, work: () => Promise<T>): Promise<T> {
    const done = work();
    const flight: Flight<T> = { over: done.then(ignore, ignore), next: undefined };
    this.#flights.set(name, flight);
    void this.#forget(name, flight);
    return done;
  }

  async #forget(name: string, flight: Flight<T>): Promise<void> {
    await flight.over;
    if (flight.next === undefined) this.#flights.delete(name);
  }
}

function ignore(): void {
  // Whoever asked for the work hears of its end.
}
