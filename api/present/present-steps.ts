import { isEnded, type Run } from "../../core/run/run.ts";
import type { StepsView, StepView } from "../../core/services/workflow/read-steps.ts";
import type { StepKind } from "../../core/workflow/check-steps.ts";
import { type GanttRow, ganttText } from "../../core/workflow/gantt.ts";
import { graphMermaid } from "../../core/workflow/graph-mermaid.ts";
import { graphText } from "../../core/workflow/graph-text.ts";
import type { PlanStep, WorkflowPlan } from "../../core/workflow/plan.ts";
import { MAX_WAITS_TOLD, type StepState, type WorkflowGraph, type WorkflowSteps } from "../contract/workflow.ts";
import { iso } from "./iso.ts";
import { presentRun } from "./present-run.ts";
import { roomOfField, shortenStepRun } from "./shorten-step-run.ts";

/** A workflow as a graph. */
export function presentGraph(
  plan: WorkflowPlan,
  { name, version }: { readonly name: string; readonly version: number },
): WorkflowGraph {
  return {
    job: name,
    version,
    text: graphText(plan),
    mermaid: graphMermaid(plan),
    steps: [...plan.steps.values()].map((step) => ({
      ...presentPlanned(step),
      ...(step.when === undefined ? {} : { when: step.when.text }),
    })),
  };
}

/** Lines of the drawing, about: of many steps only the last attempts are drawn. */
const MAX_GANTT_ROWS = 2_000;

/**
 * How the steps of a workflow's run stand. What grows with a step is bounded, so that 1,000 of them fit into one answer of
 * a function on AWS.
 */
export function presentSteps({ run, steps, criticalPath }: StepsView, nowMs: number): WorkflowSteps {
  const room = roomOfField(steps.length);
  const rowsOfStep = Math.floor(MAX_GANTT_ROWS / steps.length);
  return {
    run: presentRun(run),
    steps: steps.map((step) => presentStep(step, room)),
    criticalPath: criticalPath.map(({ step, fromMs, toMs, waitedMs }) => ({
      step,
      from: iso(fromMs),
      to: iso(toMs),
      waitedMs,
    })),
    gantt: ganttText(
      steps.flatMap((step) => ganttRows(step).slice(-rowsOfStep)),
      isEnded(run) ? {} : { nowMs },
    ),
  };
}

function presentStep({ step, run, waitsFor }: StepView, room: number): StepState {
  const planned = presentPlanned(step);
  const more = waitsFor.length - MAX_WAITS_TOLD;
  return {
    ...planned,
    status: run?.status ?? "notStarted",
    waitsFor: waitsFor.slice(0, MAX_WAITS_TOLD),
    ...(more > 0 ? { waitsForMore: more } : {}),
    ...(run === undefined ? {} : presentStepRun(run, { kind: planned.kind, room })),
  };
}

function presentStepRun(run: Run, options: { readonly kind: StepKind; readonly room: number }): Partial<StepState> {
  const whole = presentRun(run);
  const startedAt = whole.attempts[0]?.startedAt ?? whole.startedAt;
  const { run: short, omitted } = shortenStepRun(whole, options);
  return { ...(startedAt && { startedAt }), run: short, ...(omitted && { omitted }) };
}

function presentPlanned({ name, phase, action, needs, rule, allowFailure }: PlanStep) {
  const map = (action.kind === "executor" || action.kind === "workflow") && action.map !== undefined;
  return { name, phase, kind: KINDS[action.kind], map, needs: [...needs], rule, allowFailure };
}

const KINDS: Readonly<Record<PlanStep["action"]["kind"], StepKind>> = {
  executor: "executor",
  workflow: "workflow",
  waitFor: "wait",
  waitUntil: "wait",
  switch: "switch",
  approval: "approval",
  awaits: "awaits",
};

/** The attempts of a step, the one under way included; none of one that stands from a former run. */
function ganttRows({ step: { name: step }, run }: StepView): readonly GanttRow[] {
  if (run === undefined || run.origin?.redriveOf !== undefined) return [];
  const ended = run.attempts.map(({ attempt, startedAtMs: fromMs, endedAtMs: toMs, outcome: status }) => ({
    step,
    attempt,
    fromMs,
    toMs,
    status,
  }));
  return [...ended, ...openRow(step, run)];
}

function openRow(step: string, run: Run): readonly GanttRow[] {
  if (run.status !== "running") return [];
  return [{ step, attempt: run.attempt, fromMs: run.startedAtMs, toMs: undefined, status: run.status }];
}
