import type { CompiledJob } from "../../job/compile.ts";
import { formatRunId } from "../../run/run-id.ts";
import { type CarriedRun, isEnded, isPaused } from "../../run/run.ts";
import { tallyOf } from "../../workflow/items-progress.ts";
import type { Constraint } from "../constraint.ts";
import type { Core } from "../core.ts";
import { childKey } from "./child-run.ts";

const MAX_TOLD = 10;

/** What a run waits for that the engine carries. */
export async function carriedConstraints(
  core: Core,
  run: CarriedRun,
  job: CompiledJob,
): Promise<readonly Constraint[]> {
  const paused = pauseConstraints(run);
  const stopping = stopConstraints(run);
  const child = childKey(run);
  if (child !== undefined) {
    const id = formatRunId(child);
    return [...stopping, { code: "waitingForRun", detail: `It waits for run "${id}" to end`, evidence: { run: id } }];
  }
  if (run.items !== undefined) {
    const { total, open, succeeded, failed } = tallyOf(run.items);
    const detail = `${succeeded + failed} of ${total} items have ended, ${open} are open`;
    return [...stopping, { code: "waitingForItems", detail, evidence: { total, open, succeeded, failed } }];
  }
  if (job.work.kind === "workflow") return [...paused, ...stopping, await stepsConstraint(core, run)];
  return [...stopping, waitConstraint(run, job)];
}

/** That a workflow is paused. */
export function pauseConstraints(run: CarriedRun): readonly Constraint[] {
  const { hold } = run;
  if (hold === undefined || !isPaused(run)) return [];
  const why = hold.note === undefined ? "" : ` (${hold.note})`;
  const detail = `The workflow was paused by ${hold.by} at ${new Date(hold.atMs).toISOString()}${why}`;
  return [{ code: "workflowPaused", detail, evidence: { ...hold } }];
}

function stopConstraints({ cancel }: CarriedRun): readonly Constraint[] {
  if (cancel === undefined) return [];
  const detail = `It is being stopped since ${new Date(cancel.atMs).toISOString()} by ${cancel.by}`;
  return [{ code: "cancelling", detail, evidence: { cancel } }];
}

async function stepsConstraint(core: Core, run: CarriedRun): Promise<Constraint> {
  const rows = [...(await core.runs.steps(run))];
  const open = rows.filter(([, stored]) => !isEnded(stored.run)).map(([name]) => name);
  const names = open.slice(0, MAX_TOLD).join(", ");
  const more = open.length > MAX_TOLD ? ` and ${open.length - MAX_TOLD} more` : "";
  const detail = open.length === 0 ? "None of its steps is open" : `It waits for its steps ${names}${more}`;
  return { code: "waitingForSteps", detail, evidence: { open: open.slice(0, MAX_TOLD), count: open.length } };
}

function waitConstraint(run: CarriedRun, { work }: CompiledJob): Constraint {
  const { wakeAtMs } = run;
  const until = wakeAtMs === undefined ? {} : { untilMs: wakeAtMs };
  const at = wakeAtMs === undefined ? "" : new Date(wakeAtMs).toISOString();
  if (run.awaits !== undefined) {
    const { job, on, fromMs, beforeMs } = run.awaits;
    const slots = `[${new Date(fromMs).toISOString()}, ${new Date(beforeMs).toISOString()})`;
    const detail = `It waits for a run of job "${job}" with a slot in ${slots} to end (${on})`;
    return { code: "waitingForRun", detail, evidence: { ...run.awaits }, ...until };
  }
  if (work.kind === "step" && work.step.action.kind === "approval") {
    const { by, onExpiry } = work.step.action;
    const expiry = wakeAtMs === undefined ? "" : `; at ${at} it will ${onExpiry} by itself`;
    const detail = `It waits for ${by.join(" or ")} to approve or reject it${expiry}`;
    return { code: "waitingForApproval", detail, evidence: { by, onExpiry }, ...until };
  }
  return { code: "waitingUntil", detail: `It waits until ${at}`, evidence: {}, ...until };
}
