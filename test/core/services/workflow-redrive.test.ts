import { describe, expect, it } from "vitest";
import type { Run } from "../../../core/run/run.ts";
import { cancelRun } from "../../../core/services/cancel-run.ts";
import { type RedriveRequest, redriveWorkflow } from "../../../core/services/workflow/redrive.ts";
import { type StepsOf, workflow, WorkflowWorld } from "../../support/workflow-world.ts";

const TEN = "[0,1,2,3,4,5,6,7,8,9]";
const FAILED = { kind: "failed", error: { name: "E", message: "it failed" } } as const;

function redrive(world: WorkflowWorld, run: Run, request: Partial<RedriveRequest> = {}): Promise<Run> {
  return redriveWorkflow(world.core, run, { by: "test", definition: "same", from: [], marks: {}, ...request });
}

/** The first five items fail until they are mended, the fifth of them last of all. */
function failFive(world: WorkflowWorld): { isMended: boolean } {
  const state = { isMended: false };
  world.behave = ({ stamp }) => {
    const item = Number(stamp.split(".").at(-1));
    const isSlow = state.isMended || item === 4;
    return { takesMs: isSlow ? 5_000 : 100, result: !state.isMended && item < 5 ? FAILED : { kind: "succeeded" } };
  };
  return state;
}

describe("the items of a workflow that is redriven", () => {
  it("run so many at a time as the step says, although later ones stand from before", async () => {
    const world = new WorkflowWorld();
    const state = failFive(world);
    const map = { over: TEN, concurrency: 2, tolerate: 4 };
    await world.define({ name: "etl", executor: workflow({ m: { map } }) });
    const run = await world.start("etl");
    await world.advance(10_000);
    expect(
      world
        .itemsOf(run, "m")
        .map(({ status }) => status[0])
        .join(""),
    ).toBe("fffffsssss");

    state.isMended = true;
    const again = await redrive(world, run);
    await world.advance(2_000);
    expect(world.itemsOf(again, "m").filter(({ status }) => status === "running")).toHaveLength(2);
    await world.advance(20_000);
    expect((await world.find(again)).status).toBe("succeeded");
  });

  it("run again when it is the step that is to run again", async () => {
    const world = new WorkflowWorld();
    await world.define({ name: "etl", executor: workflow({ m: { map: { over: "[1,2,3]" } } }) });
    const run = await world.start("etl");
    await world.advance(5_000);
    const again = await redrive(world, run, { from: ["m"] });
    await world.advance(5_000);
    expect((await world.find(again)).status).toBe("succeeded");
    expect(world.itemsOf(again, "m").map(({ origin, attempt }) => [origin, attempt])).toEqual([
      [undefined, 1],
      [undefined, 1],
      [undefined, 1],
    ]);
  });

  it("run again in the last phase, which answers to this run", async () => {
    const world = new WorkflowWorld();
    world.behave = ({ stamp }) => ({ takesMs: 100, result: stamp.endsWith(".a") ? FAILED : { kind: "succeeded" } });
    const last = { clean: { map: { over: "[1,2]" } } };
    await world.define({ name: "etl", executor: workflow({ a: {} }, { finally: last }) });
    const run = await world.start("etl");
    await world.advance(5_000);
    const again = await redrive(world, run);
    await world.advance(5_000);
    expect(world.itemsOf(again, "clean").map(({ origin }) => origin)).toEqual([undefined, undefined]);
  });

  it("run again when a step runs again that their list is made of", async () => {
    const world = new WorkflowWorld();
    const state = { isMended: false };
    world.behave = ({ stamp }) => {
      const isBad = !state.isMended && (stamp.endsWith(".b") || stamp.endsWith(".m.1"));
      return { takesMs: 100, result: isBad ? FAILED : { kind: "succeeded" } };
    };
    const over = 'steps.b.status == "succeeded" ? [7, 8, 9] : [1, 2]';
    const steps: StepsOf = {
      a: {},
      b: {},
      c: { needs: ["a", "b"], rule: "anySucceeded" },
      m: { needs: ["c"], map: { over } },
    };
    await world.define({ name: "etl", executor: workflow(steps) });
    const run = await world.start("etl");
    await world.advance(5_000);
    expect(world.itemsOf(run, "m").map(({ status }) => status)).toEqual(["succeeded", "failed"]);
    state.isMended = true;
    const again = await redrive(world, run);
    await world.advance(5_000);
    const list = await world.core.runs.itemList(again, "m");
    expect(list).toHaveLength(world.itemsOf(again, "m").length);
    expect(world.itemsOf(again, "m").map(({ origin }) => origin)).not.toContainEqual(expect.anything());
  });
});

describe("a step of a workflow that is redriven", () => {
  it("runs again when it was stopped with the workflow, although its failure is allowed", async () => {
    const world = new WorkflowWorld();
    world.behave = () => ({ takesMs: 3_000, result: { kind: "succeeded" } });
    await world.define({ name: "etl", executor: workflow({ a: { allowFailure: true } }) });
    const run = await world.start("etl");
    await world.advance(1_000);
    await cancelRun(world.core, run, { by: "test" });
    await world.advance(3_000);
    expect(world.statuses(run)).toEqual({ a: "cancelled" });
    const again = await redrive(world, run);
    await world.advance(10_000);
    expect(world.statuses(again)).toEqual({ a: "succeeded" });
  });
});
