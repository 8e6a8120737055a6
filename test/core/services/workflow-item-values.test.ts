import { describe, expect, it } from "vitest";
import { type StepsOf, workflow, WorkflowWorld } from "../../support/workflow-world.ts";

describe("the items of a step", () => {
  it("know what the items of an earlier step have given", async () => {
    const world = new WorkflowWorld();
    world.behave = ({ stamp }) => ({ takesMs: 100, result: { kind: "succeeded", result: stamp.slice(-3) } });
    const steps = {
      a: { map: { over: "[1,2]" } },
      b: { needs: ["a"], map: { over: "[1,2]", concurrency: 1 }, parameters: { of: "${{ steps.a.output[index] }}" } },
    };
    await world.define({ name: "etl", executor: workflow(steps, { outputs: { all: "steps.b.output" } }) });
    const run = await world.start("etl");
    await world.advance(5_000);
    expect(world.itemsOf(run, "b").map(({ parameters }) => parameters)).toEqual([{ of: "a.0" }, { of: "a.1" }]);
    expect(await world.find(run)).toMatchObject({ status: "succeeded", result: { all: ["b.0", "b.1"] } });
  });

  it("may give more than a workflow can: it fails rather than never end", async () => {
    const world = new WorkflowWorld();
    world.behave = () => ({ takesMs: 100, result: { kind: "succeeded", result: "x".repeat(40_000) } });
    const steps = { a: { map: { over: "[1,2,3,4,5,6,7,8,9]" } } };
    await world.define({ name: "etl", executor: workflow(steps, { outputs: { all: "steps.a.output" } }) });
    const run = await world.start("etl");
    await world.advance(5_000);
    expect(world.errors).toEqual([]);
    expect(await world.find(run)).toMatchObject({ status: "failed", error: { name: "TOO_LARGE" } });
  });

  it("may give more than a step can take: that fails", async () => {
    const world = new WorkflowWorld();
    world.behave = () => ({ takesMs: 100, result: { kind: "succeeded", result: "x".repeat(40_000) } });
    const steps = {
      a: { map: { over: "[1,2,3,4,5,6,7,8,9]" } },
      b: { needs: ["a"], parameters: { all: "${{ steps.a.output }}" } },
    };
    await world.define({ name: "etl", executor: workflow(steps) });
    const run = await world.start("etl");
    await world.advance(5_000);
    expect(world.errors).toEqual([]);
    expect(world.statuses(run)).toEqual({ a: "succeeded", b: "failed" });
    expect((await world.find(run)).status).toBe("failed");
  });

  it.each(["dieBefore", "dieAfter"] as const)(
    "are those of one list, although who made it dies (%s) and another would have made another",
    async (fault) => {
      for (let number = 1, wasHit = true; wasHit; number += 1) {
        const world = new WorkflowWorld();
        world.behave = ({ stamp }) => ({
          takesMs: stamp.endsWith(".b") ? 2_000 : 500,
          result: { kind: "succeeded" },
        });
        const over = 'steps.b.status == "succeeded" ? [7, 8, 9] : [1, 2]';
        const map = { over, concurrency: 10 };
        const steps: StepsOf = {
          a: {},
          b: { pool: "other" },
          m: { needs: ["a", "b"], rule: "anySucceeded", map, parameters: { of: "${{ item }}" } },
        };
        world.addWorker({ pool: "other" });
        await world.define({ name: "etl", executor: workflow(steps) });
        const run = await world.start("etl");
        await world.advance(0);
        world.addWorker();
        const [first] = world.workers;
        const before = first?.faults.calls ?? 0;
        if (first !== undefined) first.faults.plan = (call) => (call === before + number ? fault : undefined);
        await world.advance(10_000);
        wasHit = first?.faults.isDead === true && number < 40;
        await world.advance(60_000);
        const list = await world.core.runs.itemList(run, "m");
        expect(
          world.itemsOf(run, "m").map(({ parameters }) => parameters?.["of"]),
          `call ${number}`,
        ).toEqual(list);
        expect((await world.find(run)).status).toBe("succeeded");
      }
    },
  );
});
