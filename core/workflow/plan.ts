import type { Expression } from "./expression.ts";
import type { RunEnd } from "../run/run-end.ts";
import type { StepDefinition, TriggerRule, Window } from "./definition.ts";
import type { Template } from "./template.ts";

/** In the order in which they run. */
export const PHASES = ["main", "onError", "finally"] as const;
export type Phase = (typeof PHASES)[number];

/** A workflow made ready for decisions: defaults filled in, expressions read, needs known in both directions. */
export interface WorkflowPlan {
  /** All steps by name, in the order of `order`. */
  readonly steps: ReadonlyMap<string, PlanStep>;
  /** Names by phase, each step after those it needs and otherwise as they were written. */
  readonly order: Readonly<Record<Phase, readonly string[]>>;
  readonly outputs: ReadonlyMap<string, Expression>;
}

export interface PlanStep {
  readonly name: string;
  readonly phase: Phase;
  readonly needs: readonly string[];
  /** Steps that need this one, in the order of the plan. */
  readonly dependants: readonly string[];
  /** Those of its needs that are switches which may choose it. */
  readonly gates: readonly string[];
  readonly rule: TriggerRule;
  readonly when: Expression | undefined;
  readonly allowFailure: boolean;
  readonly action: StepAction;
  /** As written: executor, retry, time-outs and all else that only its runs need. */
  readonly definition: StepDefinition;
}

export type StepAction =
  | { readonly kind: "executor"; readonly parameters: Template; readonly map: MapAction | undefined }
  | {
      readonly kind: "workflow";
      readonly job: string;
      readonly parameters: Template;
      readonly map: MapAction | undefined;
    }
  | { readonly kind: "waitFor"; readonly durationMs: number }
  | { readonly kind: "waitUntil"; readonly until: number | Expression }
  | { readonly kind: "switch"; readonly cases: readonly SwitchCase[]; readonly default: readonly string[] }
  | {
      readonly kind: "approval";
      readonly by: readonly string[];
      readonly expiresAfterMs: number | undefined;
      readonly onExpiry: "reject" | "approve";
    }
  | {
      readonly kind: "awaits";
      readonly job: string;
      readonly window: Window;
      readonly offset: number;
      readonly on: RunEnd;
      readonly expiresAfterMs: number | undefined;
    };

export interface SwitchCase {
  readonly when: Expression;
  readonly choose: readonly string[];
}

export interface MapAction {
  readonly over: Expression;
  readonly concurrency: number;
  readonly tolerate: Tolerance;
}

/** How many items of a map may fail. */
export type Tolerance = { readonly items: number } | { readonly percent: number };

/**
 * The step of a name that is known to be in the plan.
 *
 * @throws {RangeError} when it is not
 */
export function getStep(plan: WorkflowPlan, name: string): PlanStep {
  const step = plan.steps.get(name);
  if (step === undefined) throw new RangeError(`Cannot find step "${name}" in the workflow`);
  return step;
}

/** Whether a step runs also while its workflow is being stopped. */
export function runsWhileStopping({ phase, rule }: PlanStep): boolean {
  return phase === "finally" || rule === "always";
}

/** What may still ask for the output or status of a step. */
export interface Asking {
  /** Whether a step has not begun: all of its expressions do. */
  readonly isToBegin: (step: string) => boolean;
  /** Whether items of a step may begin: its parameters do. */
  readonly startsItems: (step: string) => boolean;
  /** Whether the workflow may end: its outputs do. */
  readonly mayEnd: boolean;
}

/** Steps whose output or status may still be asked for. */
export function namedSteps(plan: WorkflowPlan, { isToBegin, startsItems, mayEnd }: Asking): ReadonlySet<string> {
  const expressions: readonly { readonly steps: readonly string[] }[] = [
    ...[...plan.steps.values()].flatMap((step) => {
      if (isToBegin(step.name)) return expressionsOf(step);
      return "parameters" in step.action && startsItems(step.name) ? [step.action.parameters] : [];
    }),
    ...(mayEnd ? plan.outputs.values() : []),
  ];
  return new Set(expressions.flatMap(({ steps }) => steps));
}

function expressionsOf({ when, action }: PlanStep): readonly { readonly steps: readonly string[] }[] {
  const condition = when === undefined ? [] : [when];
  switch (action.kind) {
    case "executor":
    case "workflow":
      return [...condition, action.parameters, ...(action.map === undefined ? [] : [action.map.over])];
    case "waitUntil":
      return typeof action.until === "number" ? condition : [...condition, action.until];
    case "switch":
      return [...condition, ...action.cases.map((one) => one.when)];
    case "waitFor":
    case "approval":
    case "awaits":
      return condition;
  }
}
