import { CarillonError } from "../../errors.ts";
import { formatRunId, type RunKey, type StepRef, stepOf } from "../../run/run-id.ts";
import { isCarried, isEnded, type Run } from "../../run/run.ts";
import type { StoredRun } from "../../store/run-store.ts";
import type { WorkflowPlan } from "../../workflow/plan.ts";
import type { Core } from "../core.ts";
import type { Carried } from "./carry.ts";

/** A run of a workflow, in whatever state, with the plan of the version that governs it. */
export interface FoundWorkflow {
  readonly stored: StoredRun;
  readonly plan: WorkflowPlan;
}

/**
 * @param action - for the message, such as `pause`
 * @throws {CarillonError} `run-not-found`, `not-a-workflow`
 */
export async function expectWorkflow(core: Core, key: RunKey, action: string): Promise<FoundWorkflow> {
  const id = formatRunId(key);
  const stored = await core.runs.find(key);
  if (stored === undefined) throw new CarillonError("run-not-found", `Cannot find run "${id}"`);
  const work = (await core.jobs.ofRun(stored.run))?.work;
  if (work?.kind === "workflow") return { stored, plan: work.plan };
  throw new CarillonError("not-a-workflow", `Cannot ${action} run "${id}": it is not the run of a workflow`);
}

/** @throws {CarillonError} `run-already-final`, `run-not-running` */
export function expectCarried({ run, rev }: StoredRun, action: string): Carried {
  if (isCarried(run)) return { run, rev };
  const id = formatRunId(run);
  if (isEnded(run)) throw new CarillonError("run-already-final", `Cannot ${action} run "${id}": it has ended`);
  throw new CarillonError("run-not-running", `Cannot ${action} run "${id}": it is ${run.status}`);
}

/** @throws {CarillonError} `not-a-step` */
export function expectStep(key: RunKey, action: string): StepRef {
  const part = stepOf(key.stamp);
  if (part !== undefined) return part;
  throw new CarillonError("not-a-step", `Cannot ${action} run "${formatRunId(key)}": it is no step of a workflow`);
}

export function changedTooOften(run: Pick<Run, keyof RunKey>, action: string, rounds: number): Error {
  return new Error(`Cannot ${action} run "${formatRunId(run)}": it changed ${rounds} times meanwhile`);
}
