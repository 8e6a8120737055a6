import type { MapAction, Tolerance } from "./plan.ts";

/** How many items of a map stand how. The rest has not begun. */
export interface ItemsTally {
  readonly total: number;
  readonly open: number;
  readonly succeeded: number;
  readonly failed: number;
}

export interface MapDecision {
  /** How many more items may begin now. */
  readonly start: number;
  /** Given once no item is open and none will begin. */
  readonly end?: "succeeded" | "failed";
}

/**
 * Says how a map goes on: at most `concurrency` items at a time, and none any more once more of them have failed than are
 * tolerated. A map over nothing succeeds.
 */
export function advanceMap(map: MapAction, tally: ItemsTally): MapDecision {
  const { total, open, succeeded, failed } = tally;
  const isLost = failed > toleratedFailures(map.tolerate, total);
  const waiting = isLost ? 0 : total - open - succeeded - failed;
  const start = Math.max(0, Math.min(waiting, map.concurrency - open));
  if (open > 0 || waiting > 0) return { start };
  return { start, end: isLost ? "failed" : "succeeded" };
}

/** Failures that do not fail the map; of a share, the whole items in it. */
export function toleratedFailures(tolerate: Tolerance, total: number): number {
  return "items" in tolerate ? tolerate.items : Math.floor((total * tolerate.percent) / 100);
}
