import { meetAtMs } from "./meet.ts";
import type { DueEntry } from "../store/due-index.ts";
import { visitBackfill } from "./backfill.ts";
import type { Core } from "./core.ts";
import { type Doorbell, sendDoorbells, SendError } from "./send.ts";
import { visitJob } from "./visit-job.ts";
import { visitRuns } from "./visit-runs.ts";

/** Entries visited by one round of one shard. */
export const MAX_VISITS_PER_ROUND = 500;
const VISITS_AT_ONCE = 50;
/** How long an entry rests whose visit has failed. */
export const FAILED_RETRY_MS = 5_000;

/**
 * Visits what is due in one shard: sends first, then moves the entries, so a crash in between repeats and never forgets.
 *
 * @returns how many entries were visited, and how many of the visits failed; those are tried again later
 */
export async function visitShard(
  core: Core,
  shard: number,
): Promise<{ readonly visited: number; readonly failures: readonly unknown[] }> {
  const entries = await core.due.dueBy(shard, core.clock.nowMs(), MAX_VISITS_PER_ROUND);
  const failures: unknown[] = [];
  for (let i = 0; i < entries.length; i += VISITS_AT_ONCE) {
    failures.push(...(await visitAll(core, entries.slice(i, i + VISITS_AT_ONCE))));
  }
  return { visited: entries.length, failures };
}

interface Visit {
  readonly done: DueEntry;
  readonly next: readonly DueEntry[];
  readonly doorbells: readonly Doorbell[];
}

/** Visits entries side by side; what they ring for is sent in common, as few batches as possible. Returns what failed. */
async function visitAll(core: Core, entries: readonly DueEntry[]): Promise<readonly unknown[]> {
  const failures: unknown[] = [];
  // One entry that can't be handled must not hold up the others of its shard.
  const postponed = (done: DueEntry): Visit => ({
    done,
    next: [{ ...done, visitAtMs: meetAtMs(core.clock.nowMs() + FAILED_RETRY_MS) }],
    doorbells: [],
  });
  const visits = await Promise.all(
    entries.map(async (done): Promise<Visit> => {
      const doorbells: Doorbell[] = [];
      try {
        const next = await visit({ ...core, collect: (rung) => doorbells.push(...rung) }, done);
        return { done, next, doorbells };
      } catch (error) {
        failures.push(error);
        return postponed(done);
      }
    }),
  );
  try {
    await sendDoorbells(
      core,
      visits.flatMap(({ doorbells }) => doorbells),
    );
  } catch (error) {
    failures.push(error);
    // What another queue has taken is as good as ever: a pool without a queue must not hold up the others.
    const isInVain = ({ doorbells }: Visit) =>
      error instanceof SendError ? doorbells.some((doorbell) => error.concerns(doorbell)) : doorbells.length > 0;
    await core.due.move(visits.map((made) => (isInVain(made) ? postponed(made.done) : made)));
    return failures;
  }
  await core.due.move(visits);
  return failures;
}

function visit(core: Core, entry: DueEntry): Promise<readonly DueEntry[]> {
  switch (entry.kind) {
    case "job":
      return visitJob(core, entry);
    case "runs":
      return visitRuns(core, entry);
    case "backfill":
      return visitBackfill(core, entry);
  }
}
