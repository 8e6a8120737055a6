import { getStep, PHASES, type PlanStep, type WorkflowPlan } from "./plan.ts";

/** When a step ran, from its first attempt to its end. */
export interface StepTimes {
  readonly fromMs: number;
  readonly toMs: number;
  readonly status: "succeeded" | "failed";
}

export interface CriticalStep {
  readonly step: string;
  readonly fromMs: number;
  readonly toMs: number;
  /** From the end of the step before to the start of this one; for the first step 0. */
  readonly waitedMs: number;
}

/**
 * The steps that determined when a workflow ended, in the order in which they ran: the one that ended last, before it the
 * need whose end let it begin, and so on. Steps without times, which were settled without a run, are looked through.
 *
 * @param times - of steps that have ended; while a workflow runs, the path to the last end so far
 */
export function criticalPath(plan: WorkflowPlan, times: ReadonlyMap<string, StepTimes>): readonly CriticalStep[] {
  const path: CriticalStep[] = [];
  let name = latest([...plan.steps.keys()], times);
  while (name !== undefined) {
    const span = times.get(name);
    if (span === undefined) break;
    const before = determining(getStep(plan, name), plan, times);
    const endMs = before === undefined ? undefined : times.get(before)?.toMs;
    const waitedMs = Math.max(0, span.fromMs - (endMs ?? span.fromMs));
    path.unshift({ step: name, fromMs: span.fromMs, toMs: span.toMs, waitedMs });
    name = before;
  }
  return path;
}

/** The step whose end let this one begin. */
function determining(step: PlanStep, plan: WorkflowPlan, times: ReadonlyMap<string, StepTimes>): string | undefined {
  const early = earlyNeed(step, times);
  if (early !== undefined) return early;
  const needs = withTimes(step, plan, times);
  if (needs.length > 0) return latest(needs, times);
  // The first steps of a phase wait for the phases before.
  const before = PHASES.slice(0, PHASES.indexOf(step.phase)).flatMap((phase) => plan.order[phase]);
  return latest(before, times);
}

/** Under an early rule it is the first need with the right end; one that was left out is none, whatever it needed itself. */
function earlyNeed({ rule, needs }: PlanStep, times: ReadonlyMap<string, StepTimes>): string | undefined {
  if (rule !== "anySucceeded" && rule !== "anyFailed") return undefined;
  const wanted = rule === "anySucceeded" ? "succeeded" : "failed";
  const hits = needs.filter((need) => times.get(need)?.status === wanted);
  return hits.toSorted((a, b) => (times.get(a)?.toMs ?? 0) - (times.get(b)?.toMs ?? 0))[0];
}

/** The needs of a step; in place of each that has no times, those that it needed itself. */
function withTimes(step: PlanStep, plan: WorkflowPlan, times: ReadonlyMap<string, StepTimes>): readonly string[] {
  const found = new Set<string>();
  const seen = new Set<string>();
  const open = [...step.needs];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    if (seen.has(name)) continue;
    seen.add(name);
    if (times.has(name)) found.add(name);
    else open.push(...getStep(plan, name).needs);
  }
  return plan.order[step.phase].filter((name) => found.has(name));
}

/** The name that ended last; of several the first. */
function latest(names: readonly string[], times: ReadonlyMap<string, StepTimes>): string | undefined {
  let last: string | undefined;
  for (const name of names) {
    const endMs = times.get(name)?.toMs;
    if (endMs !== undefined && (last === undefined || endMs > (times.get(last)?.toMs ?? -Infinity))) last = name;
  }
  return last;
}
