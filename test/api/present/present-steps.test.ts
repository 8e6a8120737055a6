import { expect, it } from "vitest";
import { presentSteps } from "../../../api/present/present-steps.ts";
import type { EndedRun } from "../../../core/run/run.ts";
import type { StepView } from "../../../core/services/workflow/read-steps.ts";
import { MAX_STEPS } from "../../../core/workflow/check-steps.ts";
import { toResult } from "../../../functions/api/to-result.ts";
import { aPlan } from "../../support/workflows.ts";

const AT_MS = Date.parse("2026-03-08T07:30:00Z");
/** Every character of it takes four bytes of the result of a function. */
const QUOTES = '"'.repeat(16_000);
const STAMP = "20260308T073000.000Z";

const nameOf = (index: number) => `a-step-with-a-name-as-long-as-it-may-${String(index).padStart(3, "0")}`;
const PLAN = aPlan(Object.fromEntries(Array.from({ length: MAX_STEPS }, (_, index) => [nameOf(index), {}])));

/** The run of a step in which everything is as large as it may be. */
function largest(name: string): EndedRun {
  const error = { name: "ERROR", message: QUOTES };
  return {
    namespace: "default",
    job: "etl",
    stamp: `${STAMP}.${name}`,
    version: 1,
    status: "failed",
    cause: "step",
    slotAtMs: AT_MS,
    dueAtMs: AT_MS,
    createdAtMs: AT_MS,
    pool: "default",
    priority: "normal",
    epoch: 1,
    attempt: 20,
    charged: 20,
    attempts: Array.from({ length: 20 }, (_, index) => ({
      attempt: index + 1,
      epoch: index,
      worker: "w-1",
      startedAtMs: AT_MS,
      endedAtMs: AT_MS,
      outcome: "failed",
      error,
    })),
    parameters: { text: QUOTES },
    progress: QUOTES,
    result: QUOTES,
    error,
    cancel: { atMs: AT_MS, by: "ana", note: QUOTES, graceMs: 0 },
    startedAtMs: AT_MS,
    endedAtMs: AT_MS,
  };
}

it("presentSteps() of the largest workflow fits into one answer of a function on AWS", async () => {
  const names = [...PLAN.steps.keys()];
  const waiting = names.slice(0, MAX_STEPS / 2);
  const view = (steps: readonly StepView[]) => ({
    run: { ...largest(""), stamp: STAMP },
    plan: PLAN,
    steps,
    criticalPath: names.map((step) => ({ step, fromMs: AT_MS, toMs: AT_MS, waitedMs: 0 })),
  });
  const planned = [...PLAN.steps.values()];
  const ended = view(planned.map((step) => ({ step, run: largest(step.name), waitsFor: [] })));
  const begun = view(planned.map((step) => ({ step, run: undefined, waitsFor: waiting })));

  for (const each of [ended, begun]) {
    const result = await toResult(Response.json(presentSteps(each, AT_MS)), "r");
    expect(result.statusCode).toBe(200);
  }
});
