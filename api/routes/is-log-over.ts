import { isEnded, type Run } from "../../core/run/run.ts";

/**
 * Whether nothing more will come of the output of an attempt that has not closed its log: one that wrote nothing never
 * does, nor one whose worker was lost. What was written last may show so long after the attempt's end.
 */
export function isLogOver(run: Run, attempt: number, { nowMs, lagMs }: { nowMs: number; lagMs: number }): boolean {
  if (attempt === run.attempt) return isEnded(run) && nowMs >= run.endedAtMs + lagMs;
  const record = run.attempts.find((ended) => ended.attempt === attempt);
  return attempt < run.attempt && nowMs >= (record?.endedAtMs ?? -Infinity) + lagMs;
}
