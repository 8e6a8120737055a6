import type { Clock } from "../../core/ports/clock.ts";
import type { StopSignal } from "../../core/ports/queue.ts";

/** The machine's clocks. */
export class SystemClock implements Clock {
  /** What must be added to monotonic time to get wall time, as far as known. */
  #offsetMs = Date.now() - performance.now();

  /**
   * Wall time with a fraction. `Date.now()` alone is right but cut to whole milliseconds; monotonic time alone has the
   * fraction but misses every step of the wall clock. So the fraction is taken from monotonic time, and the offset
   * between the two is corrected whenever their sum leaves the millisecond that `Date.now()` tells: the result always
   * lies within that millisecond, and soon has the right fraction.
   */
  nowMs(): number {
    const wholeMs = Date.now();
    const fineMs = performance.now();
    const leastOffsetMs = wholeMs - fineMs;
    if (this.#offsetMs < leastOffsetMs) this.#offsetMs = leastOffsetMs;
    else if (this.#offsetMs > leastOffsetMs + LAST_FRACTION_MS) this.#offsetMs = leastOffsetMs + LAST_FRACTION_MS;
    return fineMs + this.#offsetMs;
  }

  monotonicMs(): number {
    return performance.now();
  }

  /** Never early: Node's timers may fire up to a millisecond before their time, and not at all beyond 2^31 ms. */
  sleep(ms: number, signal?: StopSignal): Promise<void> {
    if (signal?.aborted === true) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    const wakeAtMs = performance.now() + ms;
    let timer: NodeJS.Timeout | undefined;
    const finish = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", finish);
      resolve();
    };
    const arm = () => {
      const leftMs = wakeAtMs - performance.now();
      if (leftMs <= 0) finish();
      else timer = setTimeout(arm, Math.min(Math.ceil(leftMs), MAX_TIMER_MS));
    };
    signal?.addEventListener("abort", finish, { once: true });
    arm();
    return promise;
  }
}

const LAST_FRACTION_MS = 0.999;
const MAX_TIMER_MS = 2 ** 31 - 1;
