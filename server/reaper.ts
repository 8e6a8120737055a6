import type { Clock } from "../core/ports/clock.ts";

export interface ReaperOptions {
  readonly clock: Clock;
  /** Takes their runs from dead workers; returns those workers. */
  readonly reap: () => Promise<readonly string[]>;
  readonly onReaped: (workerId: string) => void;
  readonly onError: (error: unknown) => void;
}

const REAP_MS = 2_000;

/** Looks for dead workers each period, and at once when told of one. One look at a time. */
export class Reaper {
  readonly #options: ReaperOptions;
  #wake = new AbortController();
  #isWanted = false;

  constructor(options: ReaperOptions) {
    this.#options = options;
  }

  soon(): void {
    this.#isWanted = true;
    this.#wake.abort();
  }

  async run(signal: AbortSignal): Promise<void> {
    const { clock, reap, onReaped, onError } = this.#options;
    while (!signal.aborted) {
      this.#isWanted = false;
      this.#wake = new AbortController();
      try {
        for (const worker of await reap()) onReaped(worker);
      } catch (error) {
        onError(error);
      }
      if (!this.#isWanted) await clock.sleep(REAP_MS, AbortSignal.any([this.#wake.signal, signal]));
    }
  }
}
