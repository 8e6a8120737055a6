import { type Ending, endedFrom, isEnded } from "../run/run.ts";
import type { StoredRun } from "../store/run-store.ts";
import { queueTimeout } from "./close-slot.ts";
import type { Core } from "./core.ts";
import { followUp } from "./follow-up.ts";

/** Ends a run that waited longer than its queue time-out allows; `true` when it has ended, by this or by another. */
export async function expireRun(core: Core, stored: StoredRun): Promise<boolean> {
  const { run } = stored;
  // The runs of a backfill wait in a line of their own making.
  if (run.attempt > 0 || run.cause === "backfill") return false;
  const job = await core.jobs.ofRun(run);
  const queueMs = job?.timeouts.queueMs;
  if (queueMs === undefined || core.clock.nowMs() <= run.dueAtMs + queueMs) return false;
  return endUnclaimed(core, stored, { status: "expired", error: queueTimeout(queueMs) });
}

/**
 * Ends a run that no worker holds. `false` when the run changed meanwhile: read it again.
 *
 * @param follow - does what follows from the end
 */
export async function endUnclaimed(
  core: Core,
  { run, rev }: StoredRun,
  end: Omit<Ending, "endedAtMs">,
  follow: (ended: StoredRun) => Promise<void> = (stored) => followUp(core, stored),
): Promise<boolean> {
  if (isEnded(run) || run.status === "running") return false;
  const ended = endedFrom(run, { ...end, endedAtMs: core.clock.nowMs() });
  const written = await core.runs.put(ended, rev);
  if (!written.ok) return false;
  await follow({ run: ended, rev: written.rev });
  return true;
}
