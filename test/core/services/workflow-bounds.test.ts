import { expect, it } from "vitest";
import { workflow, WorkflowWorld } from "../../support/workflow-world.ts";

/** How many workflows may be part of one another, the outermost included. */
const MAX_DEPTH = 10;

it("workflows that are part of one another go ten deep, and the step that would go deeper fails", async () => {
  const world = new WorkflowWorld();
  for (let depth = 1; depth <= MAX_DEPTH; depth += 1) {
    await world.defineWorkflow(`w${depth}`, workflow({ sub: { workflow: { job: `w${depth + 1}` } } }));
  }
  await world.define({ name: `w${MAX_DEPTH + 1}` });
  const second = await world.start("w2");
  await world.advance(20_000);
  expect(await world.ended(second)).toMatchObject({ status: "succeeded" });

  const first = await world.start("w1");
  await world.advance(20_000);

  expect(await world.ended(first)).toMatchObject({ status: "failed" });
  const innermost = world.runs(`w${MAX_DEPTH}`).at(-1);
  if (innermost === undefined) throw new Error("The innermost workflow has no run");
  expect(await world.step(innermost, "sub")).toMatchObject({ status: "failed", error: { name: "WORKFLOW_TOO_DEEP" } });
  expect(world.errors).toEqual([]);
});

it("a list of items of more than 256 KB as JSON fails its step before it begins", async () => {
  const world = new WorkflowWorld();
  await world.defineWorkflow("etl", workflow({ each: { map: { over: "parameters.list" } } }));
  const run = await world.start("etl", { list: ["x".repeat(300_000)] });
  await world.advance(5_000);

  expect(await world.step(run, "each")).toMatchObject({
    status: "failed",
    attempt: 0,
    error: { name: "MAP_TOO_LARGE" },
  });
});
