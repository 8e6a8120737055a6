import type { RunKey } from "../../run/run-id.ts";
import { isEnded, type Run } from "../../run/run.ts";
import { type CriticalStep, criticalPath, type StepTimes } from "../../workflow/critical-path.ts";
import { type Phase, PHASES, type PlanStep, type WorkflowPlan } from "../../workflow/plan.ts";
import type { Core } from "../core.ts";
import { expectWorkflow } from "./expect-workflow.ts";

/** How the steps of a workflow's run stand. */
export interface StepsView {
  readonly run: Run;
  readonly plan: WorkflowPlan;
  /** In the order of the plan. */
  readonly steps: readonly StepView[];
  readonly criticalPath: readonly CriticalStep[];
}

export interface StepView {
  readonly step: PlanStep;
  /** `undefined`: it has not begun. */
  readonly run: Run | undefined;
  /** Of a step that has not begun, and may: steps that it needs, or, for the first of a phase, those of the phases before, which have not ended. */
  readonly waitsFor: readonly string[];
}

/** @throws {CarillonError} `run-not-found`, `not-a-workflow` */
export async function readSteps(core: Core, key: RunKey): Promise<StepsView> {
  const { stored, plan } = await expectWorkflow(core, key, "show the steps of");
  const rows = await core.runs.steps(key);
  const runOf = (name: string) => rows.get(name)?.run;
  const steps = [...plan.steps.values()].map((step) => ({
    step,
    run: runOf(step.name),
    waitsFor: runOf(step.name) === undefined && !isEnded(stored.run) ? waitsFor(step, plan, runOf) : [],
  }));
  const times = new Map(steps.flatMap(({ step, run }) => timesOf(step.name, run)));
  return { run: stored.run, plan, steps, criticalPath: criticalPath(plan, times) };
}

function waitsFor(
  { needs, phase }: PlanStep,
  plan: WorkflowPlan,
  runOf: (name: string) => Run | undefined,
): readonly string[] {
  const isOpen = (name: string): boolean => {
    const run = runOf(name);
    return run === undefined || !isEnded(run);
  };
  const before = phasesBefore(phase).flatMap((earlier) => plan.order[earlier]);
  return [...before.filter(isOpen), ...needs.filter(isOpen)];
}

function phasesBefore(phase: Phase): readonly Phase[] {
  return PHASES.slice(0, PHASES.indexOf(phase));
}

/** From its first attempt to its end, of a step that has run; one that stands from a former run has not run in this one. */
function timesOf(name: string, run: Run | undefined): readonly (readonly [string, StepTimes])[] {
  if (run === undefined || !isEnded(run) || run.attempt === 0 || run.origin?.redriveOf !== undefined) return [];
  const fromMs = run.attempts[0]?.startedAtMs ?? run.startedAtMs ?? run.endedAtMs;
  const status = run.status === "succeeded" ? "succeeded" : "failed";
  return [[name, { fromMs, toMs: run.endedAtMs, status }]];
}
