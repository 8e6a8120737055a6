import type { Clock } from "../../core/ports/clock.ts";
import type { StopSignal } from "../../core/ports/queue.ts";

/** A clock for one loop that looks and sleeps: to sleep takes one turn of the event loop, and then the time has passed. */
export class HastyClock implements Clock {
  #monotonicMs = 0;

  nowMs(): number {
    return Date.UTC(2026, 0, 1) + this.#monotonicMs;
  }

  monotonicMs(): number {
    return this.#monotonicMs;
  }

  async sleep(ms: number, signal?: StopSignal): Promise<void> {
    if (ms <= 0 || signal?.aborted === true) return;
    await new Promise((resolve) => setImmediate(resolve));
    this.#monotonicMs += ms;
  }
}
