import type { Knobs } from "../knobs.ts";

/** How long an entry may wait for the commit (of a version, a resumption, a run, a backfill) that it was armed for. */
export const UNCOMMITTED_MS = 10 * 60_000;

const MAX_DOUBLINGS = 16;

/** How long to wait before the next look for what is missing: twice as long after each vain one, up to a bound. */
export function patienceMs({ settleAfterMs, settleMaxMs }: Knobs, looks: number): number {
  return Math.min(settleMaxMs, settleAfterMs * 2 ** Math.min(looks, MAX_DOUBLINGS));
}
