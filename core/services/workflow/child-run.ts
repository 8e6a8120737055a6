import { CarillonError } from "../../errors.ts";
import type { JsonObject } from "../../json.ts";
import { macroContext } from "../../run/macro-context.ts";
import { expandDeep, MacroError } from "../../run/macros.ts";
import { formatRunId, type RunKey, stampOf } from "../../run/run-id.ts";
import { type EndedRun, type Ending, isCarried, isEnded, type Run } from "../../run/run.ts";
import type { StoredRun } from "../../store/run-store.ts";
import type { StepError } from "../../workflow/step-error.ts";
import { withoutMacros } from "../../workflow/template.ts";
import type { Core } from "../core.ts";
import { checkAllParameters, submitRuns } from "../submit-runs.ts";
import { MAX_WORKFLOW_DEPTH, runsAbove } from "./lineage.ts";
import type { OpenWorkflow } from "./read-workflow.ts";
import { endedCarried } from "./step-run.ts";

/** What names the run of another job that a step is to wait for, and its parameters; or why there can be none. */
export type Child =
  | { readonly child: NonNullable<Run["child"]>; readonly parameters: JsonObject }
  | { readonly error: StepError };

const MAX_ROUNDS = 20;

/** Chooses the run of another job that a step is to start. Nothing is written. */
export async function chooseChild(
  core: Core,
  { run, job: parent }: OpenWorkflow,
  { name, parameters }: { name: string; parameters: JsonObject },
): Promise<Child> {
  const job = (await core.jobs.find(run.namespace, name))?.compiled;
  if (job === undefined || job.version.state === "deleted") {
    return { error: { name: "JOB_MISSING", message: `there is no job "${name}"` } };
  }
  const lineage = [run.job, ...(await runsAbove(core, run)).map((above) => above.job)];
  if (lineage.includes(name)) {
    const message = `job "${name}" is part of itself: ${[...lineage.toReversed(), name].join(" → ")}`;
    return { error: { name: "WORKFLOW_RECURSION", message } };
  }
  if (lineage.length >= MAX_WORKFLOW_DEPTH) {
    const message = `workflows are nested ${MAX_WORKFLOW_DEPTH} deep at most`;
    return { error: { name: "WORKFLOW_TOO_DEEP", message } };
  }
  try {
    // The child's macros would be of its own run: those of this one are expanded here.
    const expanded = withoutMacros(expandDeep(parameters, macroContext(run, parent))) as JsonObject;
    checkAllParameters(job, [{ parameters: expanded }]);
    const child = { job: name, version: job.version.version, suffix: core.ids.short() };
    return { child, parameters: expanded };
  } catch (error) {
    if (!(error instanceof MacroError) && !(error instanceof CarillonError)) throw error;
    return { error: { name: error.code, message: error.message } };
  }
}

export function childKey({ namespace, slotAtMs, child }: Run): RunKey | undefined {
  return child && { namespace, job: child.job, stamp: stampOf(slotAtMs, child.suffix) };
}

/** Records and rings for the run that a step waits for. May be repeated. */
export async function submitChild(core: Core, step: Run): Promise<void> {
  const { child, namespace, slotAtMs, dueAtMs, parameters } = step;
  const job = child && (await core.jobs.findVersion(namespace, child.job, child.version));
  if (job === undefined) return;
  const origin = { step: formatRunId(step) };
  const request = { slotAtMs, suffix: child?.suffix ?? "", dueAtMs, cause: "workflow", origin } as const;
  await submitRuns(core, job, [{ ...request, ...(parameters === undefined ? {} : { parameters }) }]);
}

/**
 * Ends a step whose other job's run has ended.
 *
 * @returns the step, when it has ended, by this or by another, who may have died since
 */
export async function endChildStep(core: Core, step: RunKey, child: EndedRun): Promise<StoredRun | undefined> {
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const stored = await core.runs.find(step);
    if (stored === undefined || childKey(stored.run)?.stamp !== child.stamp) return undefined;
    if (isEnded(stored.run)) return stored;
    if (!isCarried(stored.run)) return undefined;
    const ended = endedCarried(stored.run, { ...endOfChild(child, stored.run), endedAtMs: core.clock.nowMs() });
    const written = await core.runs.put(ended, stored.rev);
    if (written.ok) return { run: ended, rev: written.rev };
  }
  throw new Error(`Cannot end step "${formatRunId(step)}": it changed ${MAX_ROUNDS} times meanwhile`);
}

function endOfChild(child: EndedRun, step: Run): Omit<Ending, "endedAtMs"> {
  const result = child.result === undefined ? {} : { result: child.result };
  if (child.status === "succeeded") return { status: "succeeded", ...result };
  if (step.cancel !== undefined) return { status: "cancelled", ...result };
  const words = child.reason ?? child.error?.message;
  const message = `run "${formatRunId(child)}" ended as ${child.status}${words === undefined ? "" : `: ${words}`}`;
  return { status: "failed", error: { name: "CHILD_FAILED", message }, ...result };
}
