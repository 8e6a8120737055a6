import type { Clock } from "../ports/clock.ts";

/** For each process: the heartbeat that was seen last, and for how long it had not changed. */
export type SilenceNotes = Readonly<Record<string, { readonly beat: number; readonly silentMs: number }>>;

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

  /** What has been seen, for an observer of another process to go on from. */
  notes(): SilenceNotes {
    const nowMs = this.#clock.monotonicMs();
    return Object.fromEntries(
      [...this.#seen].map(([id, { beat, sinceMs }]) => [id, { beat, silentMs: nowMs - sinceMs }]),
    );
  }

  /** Goes on from the notes of another observer, taken `agoMs` ago. */
  resume(notes: SilenceNotes, agoMs: number): void {
    const nowMs = this.#clock.monotonicMs();
    this.#seen.clear();
    for (const [id, { beat, silentMs }] of Object.entries(notes)) {
      this.#seen.set(id, { beat, sinceMs: nowMs - silentMs - Math.max(0, agoMs) });
    }
  }

  forget(id: string): void {
    this.#seen.delete(id);
  }
}
