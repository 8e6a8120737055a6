import type { Clock } from "../../core/ports/clock.ts";
import type { StopSignal } from "../../core/ports/queue.ts";

/** A clock that stands still until the test moves it. */
export class ManualClock implements Clock {
  #wallMs: number;
  #monotonicMs = 0;
  readonly #sleepers = new Set<Sleeper>();

  constructor(startAtMs = Date.UTC(2026, 0, 1)) {
    this.#wallMs = startAtMs;
  }

  nowMs(): number {
    return this.#wallMs;
  }

  monotonicMs(): number {
    return this.#monotonicMs;
  }

  sleep(ms: number, signal?: StopSignal): Promise<void> {
    if (ms <= 0 || signal?.aborted === true) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    const sleeper: Sleeper = { wakeAtMs: this.#monotonicMs + ms, wake: () => finish() };
    const finish = () => {
      this.#sleepers.delete(sleeper);
      signal?.removeEventListener("abort", finish);
      resolve();
    };
    this.#sleepers.add(sleeper);
    signal?.addEventListener("abort", finish, { once: true });
    return promise;
  }

  /** How many sleep now. */
  get sleeping(): number {
    return this.#sleepers.size;
  }

  /**
   * Lets `ms` pass on both clocks. Sleepers wake in the order of their instants (equal ones in the order in which they
   * fell asleep), each with the clock at its instant; what they do then, including sleeping again, happens before time
   * goes on.
   */
  async advance(ms: number): Promise<void> {
    const untilMs = this.#monotonicMs + ms;
    await settle();
    for (let next = this.#nextSleeper(untilMs); next !== undefined; next = this.#nextSleeper(untilMs)) {
      this.#moveTo(next.wakeAtMs);
      next.wake();
      await settle();
    }
    this.#moveTo(untilMs);
    await settle();
  }

  /** Steps the wall clock alone, as an administrator or NTP does. */
  stepWall(ms: number): void {
    this.#wallMs += ms;
  }

  #nextSleeper(untilMs: number): Sleeper | undefined {
    let next: Sleeper | undefined;
    for (const sleeper of this.#sleepers) {
      if (sleeper.wakeAtMs <= untilMs && sleeper.wakeAtMs < (next?.wakeAtMs ?? Number.POSITIVE_INFINITY))
        next = sleeper;
    }
    return next;
  }

  #moveTo(monotonicMs: number): void {
    this.#wallMs += monotonicMs - this.#monotonicMs;
    this.#monotonicMs = monotonicMs;
  }
}

interface Sleeper {
  readonly wakeAtMs: number;
  wake(): void;
}

/** One turn of the event loop: every promise reaction and every `setImmediate` that is due has run. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
