import { ENGINE_POOL } from "../../fleet/pool-size.ts";
import type { CompiledJob } from "../../job/compile.ts";
import type { JsonObject } from "../../json.ts";
import { parseRunId, type RunKey, stepOf, stepStamp, type StepRef } from "../../run/run-id.ts";
import { type CarriedRun, type EndedRun, type Ending, endedFrom, type QueuedRun, type Run } from "../../run/run.ts";
import type { Settlement } from "../../workflow/advance.ts";
import type { PlanStep } from "../../workflow/plan.ts";
import type { StepState } from "../../workflow/step-state.ts";

/** The run of the workflow that a step belongs to. */
export function workflowOf({ namespace, job }: RunKey, { of }: StepRef): RunKey {
  return { namespace, job, stamp: of };
}

export function stepKey(workflow: RunKey, step: string, item?: number): RunKey {
  const { namespace, job, stamp: of } = workflow;
  return { namespace, job, stamp: stepStamp({ of, step, ...(item === undefined ? {} : { item }) }) };
}

/** The run of the workflow with which the items of a step lie: of one that stands from a former run, that run. */
export function itemsLieWith(step: Run, part: StepRef): RunKey {
  const former = step.origin?.redriveOf === undefined ? undefined : parseRunId(step.origin.redriveOf);
  const formerPart = former && stepOf(former.stamp);
  return former === undefined || formerPart === undefined ? workflowOf(step, part) : workflowOf(former, formerPart);
}

/** A step, or an item of one, of which a worker is to make a run. */
interface StepToRun {
  readonly key: RunKey;
  readonly job: CompiledJob;
  readonly step: PlanStep;
  readonly nowMs: number;
}

/** The record of a step that a worker is to run, as it is before its first claim. */
export function queuedStep(
  workflow: Run,
  { key, job, step, parameters, nowMs }: StepToRun & { readonly parameters: JsonObject },
): QueuedRun {
  return {
    ...stepBase(workflow, key, nowMs),
    status: "queued",
    pool: job.pool,
    priority: step.definition.priority ?? workflow.priority,
    epoch: 0,
    attempt: 0,
    // What the request for the workflow has overridden holds for its steps, unless they say otherwise.
    parameters: { ...workflow.parameters, ...parameters },
  };
}

/** The record of a step that no worker is needed for. */
export function carriedStep(
  workflow: Run,
  { key, nowMs }: { key: RunKey; nowMs: number },
  more: Pick<CarriedRun, "wakeAtMs" | "child" | "items" | "awaits" | "parameters"> = {},
): CarriedRun {
  return {
    ...stepBase(workflow, key, nowMs),
    status: "running",
    pool: ENGINE_POOL,
    priority: workflow.priority,
    epoch: Math.floor(nowMs),
    attempt: 1,
    startedAtMs: nowMs,
    ...more,
  };
}

/** The record of a step that ends without having begun. */
export function settledStep(workflow: Run, settlement: Settlement, nowMs: number): EndedRun {
  const base = { ...stepBase(workflow, stepKey(workflow, settlement.step), nowMs), pool: ENGINE_POOL };
  const { priority } = workflow;
  return { ...base, priority, epoch: 0, attempt: 0, endedAtMs: nowMs, ...endingOf(settlement) };
}

function endingOf(settlement: Settlement): Omit<Ending, "endedAtMs"> {
  switch (settlement.as) {
    case "succeeded":
      return { status: "succeeded", result: settlement.output };
    case "skipped":
      return { status: "skipped", reason: settlement.reason };
    case "blocked":
      return {
        status: "skipped",
        reason: "blocked",
        error: { name: "BLOCKED", message: `step "${settlement.by}", which it needs, has not succeeded` },
      };
    case "failed":
      return { status: "failed", error: settlement.error };
  }
}

function stepBase(workflow: Run, { namespace, job, stamp }: RunKey, nowMs: number) {
  const { version, slotAtMs } = workflow;
  const common = { namespace, job, stamp, version, cause: "step", slotAtMs } as const;
  const isMirrored = workflow.isMirrored === true && { isMirrored: true };
  return { ...common, ...isMirrored, dueAtMs: nowMs, createdAtMs: nowMs, charged: 0, attempts: [] };
}

/** How a step stands, by its record. */
export function stateOfRun(run: Run): StepState {
  switch (run.status) {
    case "queued":
    case "running":
    case "retrying":
      return { status: "open" };
    case "succeeded":
      return { status: "succeeded", ...(run.result === undefined ? {} : { output: run.result }) };
    case "skipped":
      if (run.reason === "blocked") return { status: "blocked" };
      return { status: run.reason === "parameters" ? "failed" : "skipped" };
    case "failed":
    case "timedOut":
    case "cancelled":
    case "expired":
      return {
        status: "failed",
        ...(run.result === undefined ? {} : { output: run.result }),
        ...(run.error === undefined ? {} : { error: run.error }),
      };
  }
}

/** The final form of a run that the engine has carried, with a record of the one attempt that this was. */
export function endedCarried(run: CarriedRun, ending: Ending): EndedRun {
  const { attempt, epoch, startedAtMs } = run;
  const { endedAtMs, status, error } = ending;
  const record = {
    attempt,
    epoch,
    worker: ENGINE_POOL,
    startedAtMs,
    endedAtMs,
    outcome: status === "expired" || status === "skipped" ? "failed" : status,
    ...(error === undefined ? {} : { error }),
  } as const;
  return endedFrom({ ...run, attempts: [...run.attempts, record] }, ending);
}
