import { describe, expect, it } from "vitest";
import type { Fault } from "../../support/port-faults.ts";
import { type StepsOf, workflow, WorkflowWorld } from "../../support/workflow-world.ts";
import { NAMESPACE } from "../../support/world.ts";

const FAULTS = ["dieBefore", "dieAfter", "unavailable", "unknown"] as const satisfies readonly Fault[];
const FAILED = { kind: "failed", error: { name: "E", message: "it failed" } } as const;

const STEPS: readonly (readonly [string, StepsOf])[] = [
  ["a step", { a: {} }],
  ["a step with items", { a: { map: { over: "[1,2,3]", concurrency: 2 } } }],
  ["a step that runs another job", { a: { workflow: { job: "child" } } }],
  ["a step that runs another job for each item", { a: { workflow: { job: "child" }, map: { over: "[1,2]" } } }],
];

const PROCESSES = [
  ["a worker", (world: WorkflowWorld) => world.workers[0]],
  ["the worker of the engine", (world: WorkflowWorld) => world.workers[1]],
  ["a scheduler", (world: WorkflowWorld) => world.schedulers[0]],
] as const;

describe.each(FAULTS)("a port call that fails (%s)", (fault) => {
  describe.each(PROCESSES)("of %s", (_, processOf) => {
    it.each(STEPS)("leaves nothing out that follows from the end of a workflow with %s", async (__, steps) => {
      for (let number = 1, wasHit = true; wasHit; number += 1) {
        const world = new WorkflowWorld({ seed: number, knobs: { shards: 1 } });
        world.behave = () => ({ takesMs: 100, result: FAILED });
        await world.define({ name: "child" });
        const definition = {
          name: "etl",
          overlap: "queueAll",
          pauseAfterFailures: 1,
          executor: workflow(steps),
        } as const;
        await world.define(definition);
        const process = processOf(world);
        const run = await world.start("etl");
        if (process === undefined) throw new Error("no such process");
        const before = process.faults.calls;
        process.faults.plan = (call) => (call === before + number ? fault : undefined);
        await world.advance(2_000);
        wasHit = process.faults.calls >= before + number;
        expect(number).toBeLessThan(200);
        world.schedulers.push(world.process());
        world.addWorker();
        world.addWorker({ pool: "engine" });
        await world.advance(90_000, { stepMs: 1_500 });

        const at = `call ${number}`;
        expect(world.watch.violations, at).toEqual([]);
        expect((await world.find(run)).status, at).toBe("failed");
        expect((await world.core.jobs.find(NAMESPACE, "etl"))?.compiled.version.state, at).toBe("paused");
      }
    });
  });
});

describe.each(FAULTS)("a worker that ends an item of a step that has long been under way (%s)", (fault) => {
  it("leaves the next one to be started soon, at whatever call it fails", async () => {
    const takesMs = 600_000;
    for (let number = 1, wasHit = true; wasHit; number += 1) {
      const world = new WorkflowWorld({ seed: number, knobs: { shards: 1 } });
      world.behave = () => ({ takesMs, result: { kind: "succeeded" } });
      await world.define({ name: "etl", executor: workflow({ m: { map: { over: "[1,2]", concurrency: 1 } } }) });
      const run = await world.start("etl");
      await world.advance(takesMs - 1_000, { stepMs: 5_000 });
      const [process] = world.workers;
      const before = process?.faults.calls ?? 0;
      if (process !== undefined) process.faults.plan = (call) => (call === before + number ? fault : undefined);
      await world.advance(3_000);
      wasHit = (process?.faults.calls ?? 0) >= before + number;
      world.addWorker();
      const hasEnded = world.itemsOf(run, "m").some(({ status }) => status === "succeeded");
      await world.advance(30_000);
      expect(world.itemsOf(run, "m"), `call ${number}`).toHaveLength(hasEnded ? 2 : 1);
      expect(number).toBeLessThan(100);
    }
  });
});
