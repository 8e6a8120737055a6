import type { SkipReason } from "../run/run.ts";

/**
 * One ledger row for a stretch of slots that did not fire: it covers every slot in [fromMs, toMs] that has no row of
 * its own. So a slot always has exactly one row, even when a late message fired it after the gap was written.
 */
export interface Gap {
  readonly namespace: string;
  readonly job: string;
  /** First slot covered, epoch milliseconds. */
  readonly fromMs: number;
  /** Last slot covered, inclusive. */
  readonly toMs: number;
  readonly reason: SkipReason;
  readonly version: number;
  /** For people: which calendar, whose pause. */
  readonly detail?: string;
}

export function isGapKey(sortKey: string): boolean {
  return sortKey.endsWith("~gap");
}
