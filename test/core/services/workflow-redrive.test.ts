import { describe, expect, it } from "vitest";
import type { Run } from "../../../core/run/run.ts";
import { type RedriveRequest, redriveWorkflow } from "../../../core/services/workflow/redrive.ts";
import { workflow, WorkflowWorld } from "../../support/workflow-world.ts";

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
      world.itemsOf(run, "m")
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
});
