import { givenUpAfter, givenUpByBoth } from "../ledger/given-up.ts";
import type { JobEntry } from "./due-index.ts";

/**
 * One entry for two walks of a version that have come to the same visit. Each has handled every slot up to its cursor, so
 * the farther one leads; but where one has given slots up, the other may have dispatched them: only what both have given
 * up stays so, and all that either has not settled is looked for again.
 */
export function joinWalks(one: JobEntry, other: JobEntry): JobEntry {
  const [behind, ahead] = one.cursorMs <= other.cursorMs ? [one, other] : [other, one];
  const gaveUp = ahead.gaveUp ?? [];
  return {
    ...ahead,
    settledMs: Math.min(behind.settledMs, ahead.settledMs),
    looks: Math.min(behind.looks, ahead.looks),
    armedAtMs: Math.max(behind.armedAtMs, ahead.armedAtMs),
    gaveUp: [...givenUpByBoth(behind.gaveUp ?? [], gaveUp), ...givenUpAfter(gaveUp, behind.cursorMs)],
  };
}
