import { describe, expect, it } from "vitest";
import { cancelRun } from "../../../core/services/cancel-run.ts";
import { readSteps } from "../../../core/services/workflow/read-steps.ts";
import { redriveWorkflow } from "../../../core/services/workflow/redrive.ts";
import { fails, takes, workflow, WorkflowWorld } from "../../support/workflow-world.ts";

describe("readSteps()", () => {
  it("leaves steps that stand from a former run out of the critical path: they have not run in this one", async () => {
    const world = new WorkflowWorld();
    await world.defineWorkflow("etl", workflow({ a: {}, b: { needs: ["a"] }, c: { needs: ["b"] } }));
    world.steps.set("b", () => fails(1_000));
    const run = await world.start("etl");
    await world.advance(5_000);
    world.steps.set("b", () => takes(1_000));
    await world.advance(3_600_000, { stepMs: 600_000 });
    const again = await redriveWorkflow(world.core, run, { by: "ana", definition: "same", from: [], marks: {} });
    await world.advance(5_000);

    const { criticalPath } = await readSteps(world.core, again);

    expect(world.statuses(again)).toEqual({ a: "succeeded", b: "succeeded", c: "succeeded" });
    expect(criticalPath.map(({ step, waitedMs }) => [step, waitedMs])).toEqual([
      ["b", 0],
      ["c", 0],
    ]);
  });

  it("tells of no wait in a run that has ended before its steps began", async () => {
    const world = new WorkflowWorld();
    await world.defineWorkflow("etl", workflow({ a: {}, b: { needs: ["a"] } }));
    const run = await world.start("etl");
    const before = await readSteps(world.core, run);
    await cancelRun(world.core, run, { by: "ana" });

    const after = await readSteps(world.core, run);

    expect(before.steps.map(({ waitsFor }) => waitsFor)).toEqual([[], ["a"]]);
    expect(after.steps.map(({ waitsFor }) => waitsFor)).toEqual([[], []]);
  });
});
