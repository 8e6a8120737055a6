import type { JobEntry } from "../store/due-index.ts";
import type { Core } from "./core.ts";
import { visitJob } from "./visit-job.ts";

/** Visits a job outside of the scheduler's round, with an entry of the caller's; it is armed first, so a crash half-way leaves it to the scheduler. */
export async function visitNow(core: Core, entry: JobEntry): Promise<void> {
  await core.due.arm(entry);
  // Also within another visit, which collects what it rings for: what is rung here comes before the move here.
  const next = await visitJob({ ...core, collect: undefined }, entry);
  await core.due.move([{ done: entry, next }]);
}
