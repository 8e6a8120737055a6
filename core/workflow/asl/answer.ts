import type { JsonObject } from "../../json.ts";
import { countsAs } from "../counts-as.ts";
import type { WorkflowEnd } from "../end.ts";
import { PHASES, type PlanStep, type WorkflowPlan } from "../plan.ts";
import { hasEnded, type StepState } from "../step-state.ts";

/** What the Task of a step is answered, by `SendTaskSuccess` or `SendTaskFailure`. */
export type StepAnswer =
  | { readonly as: "success"; readonly output: JsonObject }
  | { readonly as: "failure"; readonly error: string; readonly cause: string };

/**
 * The answer to a step's Task; `undefined` while there is none.
 *
 * A failure stops the whole execution, all branches of its Parallels included. It is therefore not told before nothing is
 * left that could run. What is blocked is never answered: it goes down with the failure that blocks it, and both are what a
 * redrive begins with. A run that was stopped stops its execution instead.
 *
 * Of the steps that fail a workflow, the first in the order of the plan is always reached, since all that it needs was
 * answered with success: an execution whose run has failed comes to its end.
 *
 * @param end - of the workflow, once it is there
 */
export function answerFor(
  step: PlanStep,
  state: StepState | undefined,
  end: WorkflowEnd | undefined,
): StepAnswer | undefined {
  if (!hasEnded(state)) return undefined;
  // A failure that is allowed is a success which says so, as is a step that was left out.
  if (countsAs(step, state) !== "failed") return { as: "success", output: { status: state.status } };
  if (state.status === "blocked" || end?.status !== "failed") return undefined;
  return { as: "failure", error: "Carillon.StepFailed", cause: end.error.message };
}

/**
 * Whether the Task of a step is not to be answered before the run has ended, as is that of the last in the order of the plan:
 * a run may fail by its outputs or be stopped after its last step, when with all steps answered its execution would have
 * succeeded.
 */
export function waitsForEnd({ name }: PlanStep, { order }: WorkflowPlan): boolean {
  const last = PHASES.findLast((phase) => order[phase].length > 0);
  return last !== undefined && order[last].at(-1) === name;
}
