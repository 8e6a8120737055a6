import type { ItemsProgress } from "../run/run.ts";
import { countBits, hasBit } from "./bits.ts";
import type { ItemsTally } from "./map-outcome.ts";

/** How the items of a step stand. In a run that continues another, items may have ended that are not among the started. */
export function tallyOf({ total, started, ended, succeeded, failed }: ItemsProgress): ItemsTally {
  const endedAhead = countBits(ended, started);
  return { total, open: started - (succeeded + failed - endedAhead), succeeded, failed };
}

/** The progress with so many more items started; those that have ended are passed over. */
export function withStarted(items: ItemsProgress, count: number): ItemsProgress {
  let { started } = items;
  for (let left = count; left > 0 && started < items.total; started += 1) if (!hasBit(items.ended, started)) left -= 1;
  return { ...items, started };
}
