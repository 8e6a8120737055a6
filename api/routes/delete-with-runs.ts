import { orUnknown } from "../../core/services/after-commit.ts";
import { cancelRun } from "../../core/services/cancel-run.ts";
import type { Core } from "../../core/services/core.ts";
import { activeRuns, deleteJob } from "../../core/services/define-job.ts";
import { expectKnown, type StateChange } from "../../core/services/pause-job.ts";

/** How long the ends of cancelled runs are waited for: below the time-out of common gateways. */
const MAX_WAIT_MS = 20_000;
const LOOK_MS = 200;

/**
 * Deletes a job; with `cancel`, cancels its active runs first and waits for their ends. Runs that start meanwhile are
 * cancelled too.
 *
 * @throws {CarillonError} `job-has-active-runs` when some have not ended by then; the request may be sent again
 */
export async function deleteWithRuns(
  core: Core,
  job: { readonly namespace: string; readonly name: string },
  { cancel, ...change }: StateChange & { readonly by: string; readonly cancel: boolean },
) {
  expectKnown((await core.jobs.find(job.namespace, job.name))?.compiled, job.name);
  const remove = () => deleteJob(core, job.namespace, job.name, change);
  const isBegun = cancel && (await cancelActive(core, job, change.by));
  return isBegun ? orUnknown(remove) : remove();
}

/** Cancels the active runs of a job and waits for their ends; whether there were any. */
async function cancelActive(
  core: Core,
  job: { readonly namespace: string; readonly name: string },
  by: string,
): Promise<boolean> {
  const untilMs = core.clock.monotonicMs() + MAX_WAIT_MS;
  let isBegun = false;
  for (let active = await activeRuns(core, job); active.length > 0;) {
    for (const run of active) {
      const stop = () => cancelRun(core, run, { by, note: "the job is being deleted" });
      await (isBegun ? orUnknown(stop) : stop());
      isBegun = true;
    }
    active = await activeRuns(core, job);
    if (active.length === 0 || core.clock.monotonicMs() >= untilMs) break;
    await core.clock.sleep(LOOK_MS);
  }
  return isBegun;
}
