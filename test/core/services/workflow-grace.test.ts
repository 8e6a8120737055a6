import { expect, it } from "vitest";
import { isCarried } from "../../../core/run/run.ts";
import { cancelRun } from "../../../core/services/cancel-run.ts";
import { carry } from "../../../core/services/workflow/carry.ts";
import { takes, workflow, WorkflowWorld } from "../../support/workflow-world.ts";

it.each([
  { asked: undefined, graceMs: 300_000 },
  { asked: 1_000, graceMs: 1_000 },
])("the grace of a step stays when the stop of its workflow is repeated: $asked", async ({ asked, graceMs }) => {
  const world = new WorkflowWorld();
  world.steps.set("slow", () => takes(600_000));
  await world.defineWorkflow("etl", workflow({ slow: { timeouts: { grace: "5m" } } }));
  const run = await world.start("etl");
  await world.advance(1_000);

  await cancelRun(world.core, run, { by: "ana", ...(asked === undefined ? {} : { graceMs: asked }) });
  expect(await world.step(run, "slow")).toMatchObject({ cancel: { graceMs } });
  const stored = await world.core.runs.find(run);
  if (stored === undefined || !isCarried(stored.run)) throw new Error("The workflow is not under way");
  await carry(world.core, { run: stored.run, rev: stored.rev });

  expect(await world.step(run, "slow")).toMatchObject({ status: "running", cancel: { graceMs } });
});
