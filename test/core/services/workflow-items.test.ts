import { describe, expect, it } from "vitest";
import { cancelRun } from "../../../core/services/cancel-run.ts";
import { isEnded, type Run } from "../../../core/run/run.ts";
import { stepOf } from "../../../core/run/run-id.ts";
import { whyRun } from "../../../core/services/why.ts";
import { fails, takes, workflow, WorkflowWorld } from "../../support/workflow-world.ts";

const OVER_NAMES = { over: "parameters.names", concurrency: 3 };

function indexOf(run: Run): number {
  return stepOf(run.stamp)?.item ?? -1;
}

async function mapping(count: number, more: { concurrency?: number; tolerate?: number | string } = {}) {
  const world = new WorkflowWorld();
  await world.defineWorkflow(
    "etl",
    workflow(
      {
        each: { map: { ...OVER_NAMES, ...more }, parameters: { name: "${{ item }}", n: "${{ index }}" } },
        sum: { needs: ["each"], parameters: { all: "${{ steps.each.output }}" } },
      },
      { finally: { clean: {} } },
    ),
  );
  const names = Array.from({ length: count }, (_, index) => `n${index}`);
  return { world, start: () => world.start("etl", { names }) };
}

describe("a step that runs for each item", () => {
  it("runs them all, so many at a time, and hands their results on in the order of the list", async () => {
    const { world, start } = await mapping(10);
    world.steps.set("each", (run) => takes(indexOf(run) % 2 === 0 ? 1_000 : 2_000, { n: indexOf(run) }));
    world.watch.limits.push({ capacity: 3, weightOf: (run) => (run.stamp.includes(".each.") ? 1 : undefined) });
    const run = await start();
    await world.advance(30_000);

    expect(await world.ended(run)).toMatchObject({ status: "succeeded" });
    expect(world.itemsOf(run, "each").map(({ parameters }) => parameters?.["name"])).toEqual(
      Array.from({ length: 10 }, (_, index) => `n${index}`),
    );
    expect((await world.step(run, "sum")).parameters?.["all"]).toEqual(
      Array.from({ length: 10 }, (_, index) => ({ n: index })),
    );
    expect(await world.step(run, "each")).toMatchObject({
      items: { total: 10, started: 10, succeeded: 10, failed: 0 },
    });
    expect(world.watch.violations).toEqual([]);
    expect(world.errors).toEqual([]);
  });

  it("gives each place that falls free to the next item, however long the others take", async () => {
    const { world, start } = await mapping(6, { concurrency: 2 });
    world.steps.set("each", (run) => takes(indexOf(run) === 0 ? 10_000 : 1_000));
    await start();
    await world.advance(5_800);
    expect(world.begunSteps()).toEqual(["each.0", "each.1", "each.2", "each.3", "each.4", "each.5"]);
  });

  it("succeeds over nothing", async () => {
    const { world, start } = await mapping(0);
    const run = await start();
    await world.advance(2_000);
    expect(await world.ended(run)).toMatchObject({ status: "succeeded" });
    expect((await world.step(run, "sum")).parameters?.["all"]).toEqual([]);
  });

  it("bears as many failures as are tolerated, and passes nulls on in their place", async () => {
    const { world, start } = await mapping(4, { tolerate: "25%" });
    world.steps.set("each", (run) => (indexOf(run) === 1 ? fails() : takes(100, indexOf(run))));
    const run = await start();
    await world.advance(5_000);
    expect(await world.ended(run)).toMatchObject({ status: "succeeded" });
    expect((await world.step(run, "sum")).parameters?.["all"]).toEqual([0, null, 2, 3]);
  });

  it("starts no item more once too many have failed, and fails when those that are open have ended", async () => {
    const { world, start } = await mapping(100, { concurrency: 3, tolerate: 1 });
    world.steps.set("each", (run) => (indexOf(run) < 2 ? fails(1_000) : takes(4_000)));
    const run = await start();
    await world.advance(20_000);
    expect(await world.step(run, "each")).toMatchObject({ status: "failed", error: { name: "ITEMS_FAILED" } });
    expect(world.itemsOf(run, "each").length).toBeLessThan(6);
    expect(world.itemsOf(run, "each").every(isEnded)).toBe(true);
    expect(await world.ended(run)).toMatchObject({ status: "failed" });
  });

  it("runs another job for each", async () => {
    const world = new WorkflowWorld();
    world.steps.set("load", (run) => takes(500, { name: run.parameters?.["name"] ?? null }));
    await world.define({ name: "load", overlap: "allow" });
    await world.defineWorkflow(
      "etl",
      workflow(
        { each: { map: { over: '["a", "b", "c"]' }, workflow: { job: "load", parameters: { name: "${{ item }}" } } } },
        { outputs: { all: "steps.each.output" } },
      ),
    );
    const run = await world.start("etl");
    await world.advance(10_000);
    expect(await world.ended(run)).toMatchObject({
      status: "succeeded",
      result: { all: [{ name: "a" }, { name: "b" }, { name: "c" }] },
    });
    expect(world.runs("load")).toHaveLength(3);
  });

  it("fails an item whose expression has no value, and goes on with the others", async () => {
    const world = new WorkflowWorld();
    await world.defineWorkflow(
      "etl",
      workflow({
        each: { map: { over: '[{"a": 1}, {}, {"a": 3}]', concurrency: 1 }, parameters: { a: "${{ item.a }}" } },
      }),
    );
    const run = await world.start("etl");
    await world.advance(5_000);
    expect(world.itemsOf(run, "each").map(({ status }) => status)).toEqual(["succeeded", "failed"]);
    expect(await world.ended(run)).toMatchObject({ status: "failed" });
  });

  it("ends as cancelled when it is cancelled, once its items have", async () => {
    const { world, start } = await mapping(10);
    world.steps.set("each", () => takes(60_000));
    const run = await start();
    await world.advance(2_000);
    await cancelRun(world.core, await world.step(run, "each"), { by: "ops" });
    await world.advance(5_000);
    expect(await world.step(run, "each")).toMatchObject({ status: "cancelled" });
    expect(world.itemsOf(run, "each").map(({ status }) => status)).toEqual(["cancelled", "cancelled", "cancelled"]);
    expect(await world.ended(run)).toMatchObject({ status: "failed" });
  });

  it("explains how far it has come", async () => {
    const { world, start } = await mapping(10);
    world.steps.set("each", () => takes(2_000));
    const run = await start();
    await world.advance(2_600);
    expect(await whyRun(world.core, await world.step(run, "each"))).toMatchObject([
      { code: "waitingForItems", evidence: { total: 10, open: 3, succeeded: 3, failed: 0 } },
    ]);
  });
});
