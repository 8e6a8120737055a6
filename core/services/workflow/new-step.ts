import type { Json, JsonObject } from "../../json.ts";
import type { RunKey } from "../../run/run-id.ts";
import type { CarriedRun, EndedRun } from "../../run/run.ts";
import type { AdvanceContext } from "../../workflow/advance.ts";
import { NO_BITS } from "../../workflow/bits.ts";
import { dataWindow } from "../../workflow/data-window.ts";
import { getStep } from "../../workflow/plan.ts";
import { resolveItem, resolveStep } from "../../workflow/resolve.ts";
import type { StepError } from "../../workflow/step-error.ts";
import { stepJob } from "../../workflow/step-job.ts";
import type { Core } from "../core.ts";
import { chooseChild } from "./child-run.ts";
import type { OpenWorkflow } from "./read-workflow.ts";
import type { NewStep } from "./record-steps.ts";
import { sizeProblem } from "./size.ts";
import { carriedStep, queuedStep, settledStep, stepKey } from "./step-run.ts";

/** Largest list of a step's items, as JSON, in UTF-16 code units: it is one item of the table. */
const MAX_LIST_LENGTH = 256 * 1_024;

/** Prepares a step that is to start; one whose expressions have no value has ended. Nothing is written. */
export async function newStep(
  core: Core,
  workflow: OpenWorkflow,
  { name, context }: { readonly name: string; readonly context: AdvanceContext },
): Promise<NewStep> {
  const { run, plan, states } = workflow;
  const nowMs = core.clock.nowMs();
  const key = stepKey(run, name);
  const resolved = resolveStep(plan, name, { ...context, states, startedAtMs: nowMs });
  switch (resolved.kind) {
    case "failed":
      return failed(workflow, key, { error: resolved.error, nowMs });
    case "wait":
      return { run: carriedStep(run, { key, nowMs }, { wakeAtMs: resolved.untilMs }) };
    case "approval":
    case "awaits": {
      const awaits = awaitsOf(workflow, name);
      const { expiresAtMs } = resolved;
      const more = { ...(expiresAtMs !== undefined && { wakeAtMs: expiresAtMs }), ...(awaits && { awaits }) };
      return { run: carriedStep(run, { key, nowMs }, more) };
    }
    case "map": {
      const { items: list } = resolved;
      const length = JSON.stringify(list).length;
      if (length > MAX_LIST_LENGTH) {
        const message = `its items take ${length} characters as JSON, at most ${MAX_LIST_LENGTH} may be`;
        return failed(workflow, key, { error: { name: "MAP_TOO_LARGE", message }, nowMs });
      }
      const items = { total: list.length, started: 0, ended: NO_BITS, succeeded: 0, failed: 0 };
      return { run: carriedStep(run, { key, nowMs }, { items }), list };
    }
    case "run":
      return newRun(core, workflow, { name, key, parameters: resolved.parameters });
  }
}

/** Prepares the run of one item. Nothing is written. */
export function newItem(
  core: Core,
  workflow: OpenWorkflow,
  {
    name,
    context,
    item,
  }: {
    readonly name: string;
    readonly context: AdvanceContext;
    readonly item: { readonly value: Json; readonly index: number };
  },
): Promise<NewStep> {
  const { run, plan, states } = workflow;
  const key = stepKey(run, name, item.index);
  const resolved = resolveItem(plan, name, { ...context, states, item });
  if (resolved.kind === "failed") {
    return Promise.resolve(failed(workflow, key, { error: resolved.error, nowMs: core.clock.nowMs() }));
  }
  return newRun(core, workflow, { name, key, parameters: resolved.parameters, item: item.index });
}

/** The runs, of which one must end, that a step waits for. */
function awaitsOf({ run, plan, job }: OpenWorkflow, name: string): CarriedRun["awaits"] {
  const { action } = getStep(plan, name);
  if (action.kind !== "awaits") return undefined;
  const zone = job.version.definition.schedule?.timezone ?? "UTC";
  return { job: action.job, on: action.on, ...dataWindow(run.slotAtMs, action, zone) };
}

/** A run of the step's own executor, or a wait for the run of another job. */
async function newRun(
  core: Core,
  workflow: OpenWorkflow,
  {
    name,
    key,
    parameters,
    item,
  }: { readonly name: string; readonly key: RunKey; readonly parameters: JsonObject; readonly item?: number },
): Promise<NewStep> {
  const step = getStep(workflow.plan, name);
  const nowMs = core.clock.nowMs();
  const problem = sizeProblem("its parameters", parameters);
  if (problem !== undefined) return failed(workflow, key, { error: problem, nowMs });
  if (step.action.kind === "workflow") {
    const chosen = await chooseChild(core, workflow, { name: step.action.job, parameters });
    if ("error" in chosen) return failed(workflow, key, { error: chosen.error, nowMs });
    return { run: carriedStep(workflow.run, { key, nowMs }, chosen) };
  }
  const job = stepJob(workflow.job, { step: name, ...(item === undefined ? {} : { item }) });
  if (job === undefined) throw new RangeError(`Cannot start step "${name}": the workflow has no such step`);
  return { run: queuedStep(workflow.run, { key, job, step, parameters, nowMs }) };
}

function failed(
  { run }: OpenWorkflow,
  key: RunKey,
  { error, nowMs }: { readonly error: StepError; readonly nowMs: number },
): { readonly run: EndedRun } {
  return { run: { ...settledStep(run, { step: "", as: "failed", error }, nowMs), ...key } };
}
