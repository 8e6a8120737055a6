import { describe, expect, it } from "vitest";
import { cancelRun } from "../../../core/services/cancel-run.ts";
import { pauseWorkflow } from "../../../core/services/workflow/pause-workflow.ts";
import { stepKey } from "../../../core/services/workflow/step-run.ts";
import { workflow, WorkflowWorld } from "../../support/workflow-world.ts";
import type { Fault } from "../../support/port-faults.ts";

describe("a workflow that is stopped while it is paused", () => {
  it.each([
    ["a step", {}],
    ["a step with items", { map: { over: "[1,2]" } }],
  ])("runs %s of its last phase, and ends", async (_, last) => {
    const world = new WorkflowWorld();
    const steps = { a: { wait: { for: "1h" } } };
    await world.define({ name: "etl", executor: workflow(steps, { finally: { last } }) });
    const run = await world.start("etl");
    await world.advance(2_000);
    await pauseWorkflow(world.core, run, { by: "test" });
    await cancelRun(world.core, run, { by: "test" });
    await world.advance(10_000);
    expect(world.statuses(run)).toEqual({ a: "cancelled", last: "succeeded" });
    expect((await world.find(run)).status).toBe("cancelled");
  });
});

const FAULTS = ["dieBefore", "dieAfter"] as const satisfies readonly Fault[];

describe.each(FAULTS)("a step with items that is stopped by somebody who dies (%s)", (fault) => {
  it("starts no item any more, and ends", async () => {
    for (let number = 1, wasHit = true; wasHit; number += 1) {
      const world = new WorkflowWorld({ workers: 0 });
      const map = { over: "[1,2,3,4,5,6]", concurrency: 2 };
      await world.define({ name: "etl", executor: workflow({ m: { map } }) });
      const run = await world.start("etl");
      await world.advance(0);
      const { core, faults } = world.process();
      faults.plan = (call) => (call === number ? fault : undefined);
      await faults.orDeath(cancelRun(core, stepKey(run, "m"), { by: "test" }));
      wasHit = faults.calls >= number;
      const wasStopped = (await world.core.runs.find(stepKey(run, "m")))?.run.cancel !== undefined;
      world.addWorker();
      await world.advance(60_000);
      expect(world.watch.violations).toEqual([]);
      const begun = world.itemsOf(run, "m").filter(({ attempt }) => attempt > 0);
      expect(begun, `call ${number}`).toHaveLength(wasStopped ? 0 : 6);
      expect(world.statuses(run)).toEqual({ m: wasStopped ? "cancelled" : "succeeded" });
      expect((await world.find(run)).status).toBe(wasStopped ? "failed" : "succeeded");
    }
  });
});
