import { formatRunId, type RunKey } from "../../core/run/run-id.ts";
import { keys } from "../../core/store/keys.ts";
import type { Execution } from "./state-machines.ts";
import { type StepsOf, workflow, WorkflowWorld } from "./workflow-world.ts";

/** A world with a workflow "etl", whose runs are shown. */
export async function mirrored(steps: StepsOf, more: Parameters<typeof workflow>[1] = {}): Promise<WorkflowWorld> {
  const world = new WorkflowWorld({ isMirrored: true });
  await world.defineWorkflow("etl", workflow(steps, more));
  return world;
}

export function executionOf(world: WorkflowWorld, run: RunKey): Execution {
  const execution = world.machines.executions.get(formatRunId(run));
  if (execution === undefined) throw new Error(`There is no execution of run "${formatRunId(run)}"`);
  return execution;
}

/** Steps that were reached and wait for their answer. */
export function waiting(world: WorkflowWorld, run: RunKey): readonly string[] {
  return world.table.dump(keys.reachedSteps(run).pk).map(({ key }) => key.sk);
}
