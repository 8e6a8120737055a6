/**
 * The Timer port: how often the scheduler is woken by a service outside, where no process of ours runs all the time.
 *
 * Whatever the pace, a wake-up at least each `SAFETY_PERIOD_MS` remains, unless it is `stopped`.
 */
export interface Timer {
  /** Sets the pace. Idempotent; the last of several calls at the same time wins. */
  setPace(pace: Pace): Promise<void>;
}

/** `steady`: each minute · `slow`: each `SAFETY_PERIOD_MS` · `stopped`: never, until it is set again. */
export type Pace = "steady" | "slow" | "stopped";

export const STEADY_PERIOD_MS = 60_000;
export const SAFETY_PERIOD_MS = 15 * 60_000;
