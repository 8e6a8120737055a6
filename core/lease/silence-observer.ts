import type { Clock } from "../ports/clock.ts";

/**
 * Tells the dead from the living without comparing two hosts' clocks: a process is dead when its heartbeat has not been
 * seen to change for a whole period of the observer's own monotonic clock.
 */
export class SilenceObserver {
  readonly #clock: Clock;
  readonly #deadAfterMs: number;
  readonly #seen = new Map<string, { beat: number; sinceMs: number }>();

  constructor(clock: Clock, deadAfterMs: number) {
    this.#clock = clock;
    this.#deadAfterMs = deadAfterMs;
  }

  /** Takes note of a heartbeat; says `dead`, or for how long the process has to stay silent until it is. */
  observe(id: string, beat: number): { readonly dead: true } | { readonly dead: false; readonly inMs: number } {
    const nowMs = this.#clock.monotonicMs();
    const seen = this.#seen.get(id);
    if (seen === undefined || seen.beat !== beat) {
      this.#seen.set(id, { beat, sinceMs: nowMs });
      return { dead: false, inMs: this.#deadAfterMs };
    }
    const silentMs = nowMs - seen.sinceMs;
    return silentMs >= this.#deadAfterMs ? { dead: true } : { dead: false, inMs: this.#deadAfterMs - silentMs };
  }

  forget(id: string): void {
    this.#seen.delete(id);
  }
}
