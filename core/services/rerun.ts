import { CarillonError } from "../errors.ts";
import { formatRunId, type RunKey, stepOf } from "../run/run-id.ts";
import { isEnded, type Run } from "../run/run.ts";
import type { Core } from "./core.ts";
import { expectActive, submitRuns } from "./submit-runs.ts";

/**
 * Runs the slot of an ended run again, as a new run with the same parameters, under the job as it is now; not before the
 * instant of the slot.
 *
 * @throws {CarillonError} `run-not-found`, `run-is-step`, `run-not-final`, `definition-missing`, `job-not-active`
 */
export async function rerun(core: Core, key: RunKey, { by }: { by?: string }): Promise<Run> {
  const stored = await core.runs.find(key);
  if (stored === undefined) throw new CarillonError("run-not-found", `Cannot find run "${formatRunId(key)}"`);
  const { run } = stored;
  if (stepOf(key.stamp) !== undefined) {
    const message = `Cannot run step "${formatRunId(key)}" by itself: redrive its workflow`;
    throw new CarillonError("run-is-step", message);
  }
  if (!isEnded(run))
    throw new CarillonError("run-not-final", `Cannot run "${formatRunId(key)}" again: it is ${run.status}`);
  const job = (await core.jobs.find(key.namespace, key.job))?.compiled;
  if (job === undefined || job.version.state === "deleted")
    throw new CarillonError(
      "definition-missing",
      `Cannot run "${formatRunId(key)}" again: job "${key.job}" is deleted`,
    );
  const [again] = await submitRuns(core, expectActive(job), [
    {
      slotAtMs: run.slotAtMs,
      suffix: core.ids.short(),
      // One that was cancelled ahead of its instant does not start before it either.
      dueAtMs: Math.max(run.slotAtMs, Math.floor(core.clock.nowMs())),
      cause: "rerun",
      origin: { rerunOf: formatRunId(key), ...(by === undefined ? {} : { by }) },
      ...(run.parameters === undefined ? {} : { parameters: run.parameters }),
    },
  ]);
  if (again === undefined) throw new Error(`Cannot run "${formatRunId(key)}" again: nothing was submitted`);
  return again;
}
