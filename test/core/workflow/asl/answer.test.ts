import { describe, expect, it } from "vitest";
import { answerFor } from "../../../../core/workflow/asl/answer.ts";
import type { WorkflowEnd } from "../../../../core/workflow/end.ts";
import { getStep } from "../../../../core/workflow/plan.ts";
import type { StepState } from "../../../../core/workflow/step-state.ts";
import { aPlan } from "../../../support/workflows.ts";

const FAILED: WorkflowEnd = { status: "failed", error: { name: "STEP_FAILED", message: 'Step "a" failed' } };
const CANCELLED: WorkflowEnd = { status: "cancelled" };
const FAILURE = { as: "failure", error: "Carillon.StepFailed", cause: 'Step "a" failed' };

describe("answerFor()", () => {
  it.each<[StepState["status"] | "none", boolean, WorkflowEnd | undefined, unknown]>([
    // state, failure allowed, end, answer
    ["none", false, undefined, undefined],
    ["open", false, undefined, undefined],
    ["succeeded", false, undefined, { as: "success", output: { status: "succeeded" } }],
    ["succeeded", false, FAILED, { as: "success", output: { status: "succeeded" } }],
    ["skipped", false, undefined, { as: "success", output: { status: "skipped" } }],
    ["failed", true, undefined, { as: "success", output: { status: "failed" } }],
    ["failed", false, undefined, undefined],
    ["failed", false, FAILED, FAILURE],
    ["failed", false, CANCELLED, undefined],
    ["blocked", false, undefined, undefined],
    ["blocked", false, FAILED, undefined],
  ])(
    "says of a step that is %s (failure allowed: %s), the workflow's end being %j: %j",
    (status, allow, end, answer) => {
      const step = getStep(aPlan({ a: { allowFailure: allow } }), "a");
      expect(answerFor(step, status === "none" ? undefined : { status }, end)).toEqual(answer);
    },
  );
});
