import type { ExecutorDefinition } from "../../../core/job/executor.ts";
import { describe, expect, it } from "vitest";
import type { StepDefinition, WorkflowDefinition } from "../../../core/workflow/definition.ts";
import { NAMESPACE, START_MS, World } from "../../support/world.ts";
import type { Run } from "../../../core/run/run.ts";
import { triggerRuns } from "../../../core/services/trigger-runs.ts";

const TRUE: ExecutorDefinition = { type: "command", argv: ["true"] };

function step(more: Partial<StepDefinition> = {}): StepDefinition {
  const hasKind = ["wait", "switch", "approval", "workflow"].some((kind) => kind in more);
  return hasKind ? more : { executor: TRUE, ...more };
}

function aWorld(): World {
  const world = new World();
  world.addWorker({ pool: "engine" });
  return world;
}

function workflow(steps: Record<string, Partial<StepDefinition>>, more: Partial<WorkflowDefinition> = {}) {
  const named = Object.fromEntries(Object.entries(steps).map(([name, one]) => [name, step(one)]));
  return { type: "workflow", steps: named, ...more } as const;
}

async function start(world: World, name = "etl"): Promise<Run> {
  const [run] = await triggerRuns(world.core, NAMESPACE, name, { requests: [{}] });
  if (run === undefined) throw new Error("nothing was triggered");
  return run;
}

function steps(world: World, run: Run): Record<string, string> {
  const { pk } = { pk: `steps#${run.namespace}#${run.job}#${run.stamp}` };
  return Object.fromEntries(world.table.dump(pk).map(({ key, body }) => [key.sk, (body as Run).status]));
}

describe("a workflow", () => {
  it("runs its steps one after the other, and ends", async () => {
    const world = aWorld();
    await world.define({ name: "etl", executor: workflow({ a: {}, b: { needs: ["a"] } }) });
    const run = await start(world);
    await world.advance(5_000);
    expect(world.errors).toEqual([]);
    expect(steps(world, run)).toEqual({ a: "succeeded", b: "succeeded" });
    expect((await world.core.runs.find(run))?.run).toMatchObject({ status: "succeeded" });
    expect(world.watch.violations).toEqual([]);
    expect(START_MS).toBeGreaterThan(0);
  });
});
