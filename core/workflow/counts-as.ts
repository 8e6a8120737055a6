import type { PlanStep } from "./plan.ts";
import type { NeedsTally } from "./rule.ts";
import type { StepState } from "./step-state.ts";

/** How a step counts for those that need it, and for the workflow. */
export function countsAs(step: PlanStep, state: StepState | undefined): keyof NeedsTally {
  switch (state?.status) {
    case undefined:
    case "open":
      return "pending";
    case "failed":
      return step.allowFailure ? "succeeded" : "failed";
    case "blocked":
      return "failed";
    case "succeeded":
    case "skipped":
      return state.status;
  }
}
