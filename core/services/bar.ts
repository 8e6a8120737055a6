import type { CompiledJob } from "../job/compile.ts";
import { stepOf } from "../run/run-id.ts";
import { type Ending, isCarried, isPaused, type Run } from "../run/run.ts";
import { runsWhileStopping } from "../workflow/plan.ts";
import type { Core } from "./core.ts";
import { stepKey, workflowOf } from "./workflow/step-run.ts";

/** What bars a run from its next attempt, whatever workers and limits allow. */
export type Bar =
  /** For now: its job or its workflow is paused. */
  | { readonly kind: "hold" }
  /** For ever. */
  | { readonly kind: "end"; readonly end: Omit<Ending, "endedAtMs"> };

/**
 * @param job - what the run is a run of
 * @param current - the job as it is now, for a run that is no step
 */
export async function barOf(
  core: Core,
  run: Run,
  { job, current }: { readonly job: CompiledJob; readonly current: CompiledJob },
): Promise<Bar | undefined> {
  if (stepOf(run.stamp) !== undefined) return barOfStep(core, run);
  if (run.attempt > 0) return undefined;
  if (isFormerLife(job, current)) return { kind: "end", end: { status: "skipped", reason: "deleted" } };
  return current.version.state === "paused" ? { kind: "hold" } : undefined;
}

/** Whether what belongs to `job` was left over by a deletion. */
function isFormerLife({ version }: CompiledJob, current: CompiledJob): boolean {
  return current.version.state === "deleted" || current.version.createdAtMs !== version.createdAtMs;
}

/** A step belongs to a run that has begun: what becomes of the job meanwhile does not concern it. */
async function barOfStep(core: Core, run: Run): Promise<Bar | undefined> {
  const part = stepOf(run.stamp);
  const workflow = part && (await core.runs.find(workflowOf(run, part)))?.run;
  if (part === undefined || workflow === undefined) return undefined;
  if (!isCarried(workflow)) return { kind: "end", end: cancelled("its workflow has ended") };
  const workflowJob = await core.jobs.ofRun(workflow);
  const step = workflowJob?.work.kind === "workflow" ? workflowJob.work.plan.steps.get(part.step) : undefined;
  if (workflow.cancel !== undefined && !(step && runsWhileStopping(step))) {
    return { kind: "end", end: cancelled(`its workflow was stopped by ${workflow.cancel.by}`) };
  }
  if (part.item !== undefined) {
    const whole = (await core.runs.find(stepKey(workflow, part.step)))?.run;
    if (whole === undefined || !isCarried(whole)) return { kind: "end", end: cancelled("its step has ended") };
    if (whole.cancel !== undefined)
      return { kind: "end", end: cancelled(`its step was stopped by ${whole.cancel.by}`) };
  }
  // One that has begun goes on to its end, with all its attempts.
  return isPaused(workflow) && run.attempt === 0 ? { kind: "hold" } : undefined;
}

function cancelled(message: string): Omit<Ending, "endedAtMs"> {
  return { status: "cancelled", error: { name: "CANCELLED", message } };
}
