import type { Json } from "../json.ts";
import type { StepError } from "./step-error.ts";

/**
 * How a step stands. A step without a state has not begun.
 *
 * ```
 * (none) ──start──▶ open ──▶ succeeded │ failed
 *    └────settle───▶ skipped │ blocked │ succeeded (a switch) │ failed (an expression)
 * ```
 *
 * The states after `open` are final.
 */
export type StepState =
  | { readonly status: "open" }
  | { readonly status: "succeeded"; readonly output?: Json }
  | { readonly status: "failed"; readonly output?: Json; readonly error?: StepError }
  | { readonly status: "skipped" }
  /** Its rule can let it run no more, for a step that it needs has failed. */
  | { readonly status: "blocked" };

/**
 * Why a step was left out:
 *
 * - `rule`: of its trigger rule, for steps that it needs were skipped, or none has failed.
 * - `when`: its condition is false.
 * - `switch`: a switch has chosen others.
 * - `phase`: there was no failure for `onError` to answer.
 * - `stopped`: the workflow was stopped before it began.
 */
export type StepSkipReason = "rule" | "when" | "switch" | "phase" | "stopped";

export type StepStates = ReadonlyMap<string, StepState>;

export function hasEnded(state: StepState | undefined): state is Exclude<StepState, { status: "open" }> {
  return state !== undefined && state.status !== "open";
}
