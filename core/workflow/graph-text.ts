import { getStep, type Phase, PHASES, type PlanStep, type WorkflowPlan } from "./plan.ts";

const MAX_LINE_LENGTH = 100;

/**
 * Draws a workflow as a tree of text. Each step stands below the last of the steps that it needs, and says which others it
 * waits for; steps that follow each other alone share a line.
 *
 * ```
 * main
 * └─ extract
 *    ├─ clean → load (also needs check)
 *    └─ check
 * ```
 */
export function graphText(plan: WorkflowPlan): string {
  const phases = PHASES.filter((phase) => plan.order[phase].length > 0);
  return phases.map((phase) => [phase, ...linesOfPhase(plan, phase)].join("\n")).join("\n");
}

function linesOfPhase(plan: WorkflowPlan, phase: Phase): readonly string[] {
  const place = new Map(plan.order[phase].map((name, index) => [name, index]));
  const below = new Map<string | undefined, PlanStep[]>();
  for (const name of plan.order[phase]) {
    const step = getStep(plan, name);
    const parent = parentOf(step, place);
    below.set(parent, [...(below.get(parent) ?? []), step]);
  }
  const lines: string[] = [];
  // By hand rather than by recursion: a line of steps may be as long as a workflow.
  const open = branches(below.get(undefined) ?? [], "", undefined);
  for (let branch = open.pop(); branch !== undefined; branch = open.pop()) {
    const { step, parent, prefix, isLast } = branch;
    const { text, end } = chainFrom(step, parent, below);
    lines.push(`${prefix}${isLast ? "└─" : "├─"} ${text}`);
    open.push(...branches(below.get(end.name) ?? [], `${prefix}${isLast ? "   " : "│  "}`, end.name));
  }
  return lines;
}

interface Branch {
  readonly step: PlanStep;
  readonly parent: string | undefined;
  readonly prefix: string;
  readonly isLast: boolean;
}

/** Last first, as a stack holds them. */
function branches(steps: readonly PlanStep[], prefix: string, parent: string | undefined): Branch[] {
  return steps.map((step, index) => ({ step, parent, prefix, isLast: index === steps.length - 1 })).toReversed();
}

/** Of the steps that it needs, the one that comes last in the plan. */
function parentOf(step: PlanStep, place: ReadonlyMap<string, number>): string | undefined {
  return step.needs.toSorted((a, b) => (place.get(b) ?? 0) - (place.get(a) ?? 0))[0];
}

function chainFrom(
  first: PlanStep,
  parent: string | undefined,
  below: ReadonlyMap<string | undefined, readonly PlanStep[]>,
): { readonly text: string; readonly end: PlanStep } {
  let end = first;
  let text = wordsOf(first, parent);
  for (;;) {
    const [next, ...others] = below.get(end.name) ?? [];
    if (next === undefined || others.length > 0) return { text, end };
    const longer = `${text} → ${wordsOf(next, end.name)}`;
    if (longer.length > MAX_LINE_LENGTH) return { text, end };
    text = longer;
    end = next;
  }
}

/** A step with what is not ordinary about it. That it needs the step above it goes without saying. */
function wordsOf(step: PlanStep, parent: string | undefined): string {
  const { action, rule, when, allowFailure, needs } = step;
  const isMap = (action.kind === "executor" || action.kind === "workflow") && action.map !== undefined;
  const others = needs.filter((need) => need !== parent);
  const notes = [
    isMap ? "map" : "",
    action.kind === "executor" ? "" : KIND_WORDS[action.kind],
    rule === "allSucceeded" ? "" : rule,
    when === undefined ? "" : "when …",
    allowFailure ? "may fail" : "",
    others.length === 0 ? "" : `also needs ${others.join(", ")}`,
  ].filter((note) => note !== "");
  return notes.length === 0 ? step.name : `${step.name} (${notes.join("; ")})`;
}

const KIND_WORDS = {
  workflow: "job",
  waitFor: "wait",
  waitUntil: "wait",
  switch: "switch",
  approval: "approval",
  awaits: "await",
} as const;
