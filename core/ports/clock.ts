import type { StopSignal } from "./queue.ts";

/** Time. Wall time may be stepped by the operating system; monotonic time never goes back and means nothing elsewhere. */
export interface Clock {
  /** Epoch milliseconds; may have a fraction. */
  nowMs(): number;
  /** Milliseconds since some fixed point of this process; for durations and time-outs only. */
  monotonicMs(): number;
  /** Resolves after `ms` of monotonic time, or at once when `signal` is aborted. Never rejects. */
  sleep(ms: number, signal?: StopSignal): Promise<void>;
}
