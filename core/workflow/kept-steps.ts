import type { PlanStep, WorkflowPlan } from "./plan.ts";

/** How a step of a former run has ended, as far as it may stand for one of a new run. */
export type FormerEnd =
  | "succeeded"
  /** For a reason that holds again. */
  | "leftOut"
  | "failed"
  /** It has not come to an end of its own. */
  | "none";

/**
 * Chooses the steps of the main phase that need not run again: those that have come to an end that lets the workflow go on,
 * as have all that they need. Under `anySucceeded` one need is enough. The other phases answer what becomes of this run.
 *
 * @param from - steps to run again whatever became of them, and with them what needs them
 */
export function keptSteps(
  plan: WorkflowPlan,
  formerEnd: (step: PlanStep) => FormerEnd,
  from: ReadonlySet<string>,
): ReadonlySet<string> {
  const kept = new Set<string>();
  const succeeded = new Set<string>();
  for (const name of plan.order.main) {
    const step = plan.steps.get(name);
    if (step === undefined || from.has(name)) continue;
    const end = formerEnd(step);
    const isDone = end === "succeeded" || end === "leftOut" || (end === "failed" && step.allowFailure);
    const isGrounded = step.needs.every((need) => kept.has(need));
    const hasEnough = step.rule === "anySucceeded" && step.needs.some((need) => succeeded.has(need));
    if (!isDone || (!isGrounded && !hasEnough)) continue;
    kept.add(name);
    if (end === "succeeded") succeeded.add(name);
  }
  return kept;
}
