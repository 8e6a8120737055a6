import type { Clock } from "../core/ports/clock.ts";

const DAY_MS = 86_400_000;

export interface PruneLogsOptions {
  /** Removes the logs of runs from before an instant. */
  readonly prune: (beforeMs: number) => Promise<unknown>;
  readonly clock: Clock;
  readonly keepDays: number;
  readonly onError: (error: unknown) => void;
  readonly signal: AbortSignal;
}

/** Removes old logs, now and once a day, until `signal` is aborted. */
export async function pruneLogs({ prune, clock, keepDays, onError, signal }: PruneLogsOptions): Promise<void> {
  while (!signal.aborted) {
    await prune(clock.nowMs() - keepDays * DAY_MS).catch(onError);
    await clock.sleep(DAY_MS, signal);
  }
}
