import type { Json, JsonObject } from "../json.ts";
import { evaluateInstant, evaluateList } from "./expression.ts";
import { getStep, type WorkflowPlan } from "./plan.ts";
import { type StepError, valueOrError } from "./step-error.ts";
import type { StepStates } from "./step-state.ts";

/** What a step that is being started needs to know. */
export type ResolvedStep =
  /** For one run, of its executor or of a child workflow. Texts may hold macros. */
  | { readonly kind: "run"; readonly parameters: JsonObject }
  /** For a run of each item: see `resolveItem`. */
  | { readonly kind: "map"; readonly items: readonly Json[] }
  | { readonly kind: "wait"; readonly untilMs: number }
  | { readonly kind: "approval" | "awaits"; readonly expiresAtMs: number | undefined }
  /** An expression has no value: the step has failed before it began. */
  | { readonly kind: "failed"; readonly error: StepError };

export interface ResolveContext {
  readonly states: StepStates;
  readonly parameters: JsonObject;
  readonly slotAtMs: number;
  readonly runId?: string | undefined;
  /** When the step was started. Read from what was stored then, so that doing it again gives the same. */
  readonly startedAtMs: number;
}

export const MAX_MAP_ITEMS = 10_000;

/**
 * Evaluates the expressions of a step that `advance` has started.
 *
 * @throws {RangeError} for a switch, which is settled and never started
 */
export function resolveStep(plan: WorkflowPlan, name: string, context: ResolveContext): ResolvedStep {
  const { action } = getStep(plan, name);
  switch (action.kind) {
    case "executor":
    case "workflow": {
      const { map, parameters } = action;
      if (map !== undefined)
        return resolved(() => ({ kind: "map", items: evaluateList(map.over, context) }), checkItems);
      return resolved(() => ({ kind: "run", parameters: parameters.resolve(context) }));
    }
    case "waitFor":
      return { kind: "wait", untilMs: context.startedAtMs + action.durationMs };
    case "waitUntil": {
      const { until } = action;
      if (typeof until === "number") return { kind: "wait", untilMs: until };
      return resolved(() => ({ kind: "wait", untilMs: evaluateInstant(until, context) }));
    }
    case "approval":
    case "awaits": {
      const { kind, expiresAfterMs } = action;
      const expiresAtMs = expiresAfterMs === undefined ? undefined : context.startedAtMs + expiresAfterMs;
      return { kind, expiresAtMs };
    }
    case "switch":
      throw new RangeError(`Cannot resolve step "${name}": a switch is never started`);
  }
}

/**
 * Evaluates the parameters of one item of a map.
 *
 * @throws {RangeError} when the step has no map
 */
export function resolveItem(
  plan: WorkflowPlan,
  name: string,
  context: Omit<ResolveContext, "startedAtMs"> & { readonly item: { readonly value: Json; readonly index: number } },
): Extract<ResolvedStep, { kind: "run" | "failed" }> {
  const { action } = getStep(plan, name);
  if ((action.kind !== "executor" && action.kind !== "workflow") || action.map === undefined) {
    throw new RangeError(`Cannot resolve an item of step "${name}": it has no map`);
  }
  const result = valueOrError(() => action.parameters.resolve(context));
  return "error" in result ? { kind: "failed", error: result.error } : { kind: "run", parameters: result.value };
}

function resolved(
  evaluate: () => ResolvedStep,
  check: (step: ResolvedStep) => ResolvedStep = (step) => step,
): ResolvedStep {
  const result = valueOrError(evaluate);
  return "error" in result ? { kind: "failed", error: result.error } : check(result.value);
}

function checkItems(step: ResolvedStep): ResolvedStep {
  if (step.kind !== "map" || step.items.length <= MAX_MAP_ITEMS) return step;
  const message = `Cannot map over ${step.items.length} items: at most ${MAX_MAP_ITEMS} may be`;
  return { kind: "failed", error: { name: "MAP_TOO_LARGE", message } };
}
