import { describe, expect, it } from "vitest";
import { isEnded } from "../../../core/run/run.ts";
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

describe.each(FAULTS)("a workflow that has long been under way, stopped by somebody who dies (%s)", (fault) => {
  it("stops soon, at whatever call they die", async () => {
    for (let number = 1, wasHit = true; wasHit; number += 1) {
      const world = new WorkflowWorld({ knobs: { shards: 1 } });
      world.behave = () => ({ takesMs: 3_600_000, result: { kind: "succeeded" } });
      await world.define({ name: "etl", executor: workflow({ a: {} }) });
      const run = await world.start("etl");
      await world.advance(600_000, { stepMs: 5_000 });
      const { core, faults } = world.process();
      faults.plan = (call) => (call === number ? fault : undefined);
      await faults.orDeath(cancelRun(core, run, { by: "test" }));
      wasHit = faults.calls >= number;
      const stopped = await world.find(run);
      await world.advance(30_000);
      expect((await world.find(run)).status, `call ${number}`).toBe(
        stopped.cancel === undefined && !isEnded(stopped) ? "running" : "cancelled",
      );
      expect(number).toBeLessThan(50);
    }
  });
});

describe("stopping a step of many items", () => {
  it("takes calls in proportion to the items", async () => {
    expect((await callsFor(200)) / (await callsFor(100))).toBeLessThan(2.2);
  });
});

/** Calls that the stop of a step takes whose items all wait. */
async function callsFor(count: number): Promise<number> {
  const world = new WorkflowWorld({ workers: 0 });
  const map = { over: "parameters.list", concurrency: 1_000 };
  const parameters = { list: Array.from({ length: count }, () => 1) };
  await world.define({ name: "etl", parameters, executor: workflow({ m: { map } }) });
  const run = await world.start("etl");
  await world.advance(0);
  const { core, faults } = world.process();
  await cancelRun(core, run, { by: "test" });
  expect((await world.find(run)).status).toBe("cancelled");
  return faults.calls;
}
