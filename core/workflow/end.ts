import type { Json, JsonObject } from "../json.ts";
import { countsAs } from "./counts-as.ts";
import { PHASES, type WorkflowPlan } from "./plan.ts";
import { type StepError, valueOrError } from "./step-error.ts";
import type { StepStates } from "./step-state.ts";

export type WorkflowEnd =
  | { readonly status: "succeeded"; readonly outputs: JsonObject }
  | { readonly status: "failed"; readonly error: StepError }
  | { readonly status: "cancelled" };

export interface EndContext {
  readonly parameters: JsonObject;
  readonly slotAtMs: number;
  readonly runId?: string | undefined;
  readonly isStopped: boolean;
}

/** Names the error of a workflow of which steps have failed. */
export const STEP_FAILED = "STEP_FAILED";

const MAX_NAMES_TOLD = 5;

/**
 * How a workflow ends of which every step has ended. A failure anywhere fails it, unless it is allowed: that a later step
 * ran all the same does not hide it.
 */
export function endOf(plan: WorkflowPlan, states: StepStates, context: EndContext): WorkflowEnd {
  if (context.isStopped) return { status: "cancelled" };
  const failed = failedSteps(plan, states);
  if (failed.length > 0) return { status: "failed", error: { name: STEP_FAILED, message: failureMessage(failed) } };
  const outputs = valueOrError(() => evaluateOutputs(plan, states, context));
  return "error" in outputs
    ? { status: "failed", error: outputs.error }
    : { status: "succeeded", outputs: outputs.value };
}

/** Those that failed themselves: what is blocked by them only follows. */
function failedSteps(plan: WorkflowPlan, states: StepStates): readonly string[] {
  return PHASES.flatMap((phase) => plan.order[phase]).filter((name) => {
    const step = plan.steps.get(name);
    const state = states.get(name);
    return step !== undefined && state?.status === "failed" && countsAs(step, state) === "failed";
  });
}

function failureMessage(failed: readonly string[]): string {
  const told = failed.slice(0, MAX_NAMES_TOLD).map((name) => `"${name}"`);
  const more = failed.length - told.length;
  const names = told.join(", ") + (more > 0 ? ` and ${more} more` : "");
  return failed.length === 1 ? `Step ${names} failed` : `Steps ${names} failed`;
}

function evaluateOutputs(
  plan: WorkflowPlan,
  states: StepStates,
  { parameters, slotAtMs, runId }: EndContext,
): JsonObject {
  const entries = [...plan.outputs].map(([name, expression]): [string, Json] => [
    name,
    expression.evaluate({ parameters, slotAtMs, runId, states }),
  ]);
  return Object.fromEntries(entries);
}
