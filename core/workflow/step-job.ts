import { ENGINE_POOL } from "../fleet/pool-size.ts";
import { type CompiledJob, compileRunRules, type RunRules, type Work } from "../job/compile.ts";
import type { StepRef } from "../run/run-id.ts";
import type { PlanStep } from "./plan.ts";

/** By workflow, as compiled; a version never changes. */
const known = new WeakMap<CompiledJob, Map<string, CompiledJob>>();

/**
 * The job that a step's run is a run of: the workflow's own, but with what the step does and how. Its concurrency keys are
 * its own, unless they are of the namespace; no policy keeps its runs apart.
 *
 * @returns `undefined` when the workflow has no such step
 */
export function stepJob(job: CompiledJob, { step: name, item }: Omit<StepRef, "of">): CompiledJob | undefined {
  const step = job.work.kind === "workflow" ? job.work.plan.steps.get(name) : undefined;
  if (step === undefined) return undefined;
  const jobs = known.get(job) ?? new Map<string, CompiledJob>();
  known.set(job, jobs);
  const id = item === undefined ? name : `${name}.item`;
  const derived = jobs.get(id) ?? deriveJob(job, step, item !== undefined);
  jobs.set(id, derived);
  return derived;
}

function deriveJob(job: CompiledJob, step: PlanStep, isItem: boolean): CompiledJob {
  const { version } = job;
  const work = workOf(step, isItem);
  const { definition } = step;
  // Both are about runs of the workflow as a whole.
  const { parametersSchema: _s, pauseAfterFailures: _p, ...ofSteps } = version.definition;
  const fields = { ...definition, pool: definition.pool ?? version.definition.pool };
  const rules: RunRules = compileRunRules({ ...fields, priority: definition.priority ?? job.priority });
  return {
    ...job,
    ...(work.kind === "task" ? rules : { ...compileRunRules({}), pool: ENGINE_POOL, priority: rules.priority }),
    version: { ...version, name: `${version.name}/${step.name}`, definition: ofSteps },
    overlap: "allow",
    work,
  };
}

function workOf(step: PlanStep, isItem: boolean): Work {
  const { action, definition } = step;
  const isTask = action.kind === "executor" && (action.map === undefined || isItem);
  return isTask && definition.executor !== undefined
    ? { kind: "task", executor: definition.executor }
    : { kind: "step", step };
}
