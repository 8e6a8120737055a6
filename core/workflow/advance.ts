import type { JsonObject } from "../json.ts";
import { countsAs } from "./counts-as.ts";
import { endOf, type WorkflowEnd } from "./end.ts";
import { evaluateCondition, type Expression } from "./expression.ts";
import { getStep, type Phase, PHASES, type PlanStep, runsWhileStopping, type WorkflowPlan } from "./plan.ts";
import { decideRule, type NeedsTally } from "./rule.ts";
import { type StepError, valueOrError } from "./step-error.ts";
import { hasEnded, type StepSkipReason, type StepState, type StepStates } from "./step-state.ts";

/** What is the same for a workflow's whole run, and what its users want of it. */
export interface AdvanceContext {
  readonly parameters: JsonObject;
  readonly slotAtMs: number;
  /** Of the workflow's run. @default "" */
  readonly runId?: string;
  /**
   * - `paused`: nothing starts. What is settled is what time cannot change any more.
   * - `stopping`: before `finally` only steps that run `always` start, once their needs have ended; others are skipped.
   *   Those that are open are for the caller to end.
   */
  readonly mode: "going" | "paused" | "stopping";
}

export interface Decision {
  /** Steps without a run, in the order in which one follows from another. Written before any step is started. */
  readonly settle: readonly Settlement[];
  /** Names of steps to be started, each after those that it needs. */
  readonly start: readonly string[];
  /** Given once nothing is open and nothing can begin any more, `settle` included. */
  readonly end?: WorkflowEnd;
}

/** How a step ends without a run. */
export type Settlement =
  /** A switch that has chosen: the names of the steps, which become its output. */
  | { readonly step: string; readonly as: "succeeded"; readonly output: readonly string[] }
  | { readonly step: string; readonly as: "skipped"; readonly reason: StepSkipReason }
  /** `by`: a step that it needs and that failed or is blocked. */
  | { readonly step: string; readonly as: "blocked"; readonly by: string }
  | { readonly step: string; readonly as: "failed"; readonly error: StepError };

/**
 * Says what a workflow has to do next, from how its steps stand: a function of its arguments alone, in time proportional
 * to the steps and needs.
 *
 * ```
 * main ──▶ onError (only after a failure, unless stopped) ──▶ finally ──▶ end
 * ```
 *
 * A step begins when its own needs let it, not when those beside it have ended. Invariants, whatever the order in which
 * steps end and however often this is asked:
 *
 * - A step that has a state is neither started nor settled again.
 * - What is decided about a step stays right when more steps end, except where a condition names a step that is still
 *   open, as it may under an early rule (`anySucceeded`, `anyFailed`).
 * - Every phase ends, once the steps that are open do.
 *
 * Two callers may ask at the same time and carry out what they are told with writes that expect a step to have no state.
 * Since a condition that names an open step may be answered differently to each of them, a caller whose write finds
 * another's state stops and asks anew: the later settlements, the starts and the end may rest on that step.
 */
export function advance(plan: WorkflowPlan, states: StepStates, context: AdvanceContext): Decision {
  const board = new Map(states);
  const settle: Settlement[] = [];
  const start: string[] = [];
  for (const phase of PHASES) {
    const gate = gateOf(phase, plan, { board, context });
    if (gate === "closed") break;
    for (const name of plan.order[phase]) {
      if (board.has(name)) continue;
      const step = getStep(plan, name);
      const verdict = gate === "open" ? judge(step, plan, { board, context }) : skip(name, gate);
      if (verdict === "wait") continue;
      if (verdict === "start") {
        start.push(name);
        board.set(name, { status: "open" });
      } else {
        settle.push(verdict);
        board.set(name, stateOf(verdict));
      }
    }
  }
  const end = [...plan.steps.keys()].every((name) => hasEnded(board.get(name)))
    ? endOf(plan, board, { ...context, isStopped: context.mode === "stopping" })
    : undefined;
  return { settle, start, ...(end !== undefined && { end }) };
}

/** The state that a settlement makes of a step. */
export function stateOf(settlement: Settlement): StepState {
  switch (settlement.as) {
    case "succeeded":
      return { status: "succeeded", output: settlement.output };
    case "failed":
      return { status: "failed", error: settlement.error };
    default:
      return { status: settlement.as };
  }
}

interface Situation {
  /** The states given, and what has been decided in this call. */
  readonly board: StepStates;
  readonly context: AdvanceContext;
}

type Verdict = "wait" | "start" | Settlement;

/** Whether the steps of a phase may begin, may not yet, or are all skipped. */
function gateOf(
  phase: Phase,
  plan: WorkflowPlan,
  { board, context }: Situation,
): "open" | "closed" | "phase" | "stopped" {
  const before = PHASES.slice(0, PHASES.indexOf(phase)).flatMap((earlier) => plan.order[earlier]);
  if (!before.every((name) => hasEnded(board.get(name)))) return "closed";
  if (phase !== "onError") return "open";
  if (!before.some((name) => countsAs(getStep(plan, name), board.get(name)) === "failed")) return "phase";
  // A phase that had begun when the workflow was stopped still has its `always` steps.
  return context.mode === "stopping" && !plan.order.onError.some((name) => hasBegun(board.get(name)))
    ? "stopped"
    : "open";
}

function judge(step: PlanStep, plan: WorkflowPlan, situation: Situation): Verdict {
  const { board, context } = situation;
  const tally = tallyOf(step, plan, board);
  if (context.mode === "stopping" && !runsWhileStopping(step)) {
    // In its turn, lest a step that needs it and runs always begins while one before it is still being stopped.
    return tally.pending > 0 ? "wait" : skip(step.name, "stopped");
  }
  const gates = step.gates.map((gate) => gateVerdict(step, board.get(gate)));
  if (gates.includes("skip")) return skip(step.name, "switch");
  if (gates.includes("wait")) return "wait";
  switch (decideRule(step.rule, tally)) {
    case "wait":
      return "wait";
    case "skip":
      return skip(step.name, "rule");
    case "block":
      return { step: step.name, as: "blocked", by: failedNeed(step, plan, board) };
    case "run":
      return begin(step, situation);
  }
}

/**
 * A step that a switch may choose is decided after the switch. Were it decided earlier, it would depend on the order in
 * which the switch and the other needs end whether it is run, skipped or blocked.
 */
function gateVerdict(step: PlanStep, gate: StepState | undefined): "wait" | "skip" | "pass" {
  if (!hasEnded(gate)) return "wait";
  if (gate.status !== "succeeded") return "pass";
  return Array.isArray(gate.output) && gate.output.includes(step.name) ? "pass" : "skip";
}

function begin(step: PlanStep, { board, context }: Situation): Verdict {
  const { when, action, name } = step;
  const asked = [when, ...(action.kind === "switch" ? action.cases.map((one) => one.when) : [])];
  if (context.mode === "paused" && !asked.every((expression) => isFinal(expression, board))) return "wait";
  const { parameters, slotAtMs, runId } = context;
  const scope = { parameters, slotAtMs, runId, states: board };
  const answer = valueOrError((): Verdict => {
    if (when !== undefined && !evaluateCondition(when, scope)) return skip(name, "when");
    if (action.kind !== "switch") return context.mode === "paused" ? "wait" : "start";
    const hit = action.cases.find((one) => evaluateCondition(one.when, scope));
    return { step: name, as: "succeeded", output: hit?.choose ?? action.default };
  });
  return "error" in answer ? { step: name, as: "failed", error: answer.error } : answer.value;
}

function isFinal(expression: Expression | undefined, board: StepStates): boolean {
  return expression === undefined || expression.steps.every((name) => hasEnded(board.get(name)));
}

function tallyOf(step: PlanStep, plan: WorkflowPlan, board: StepStates): NeedsTally {
  const tally = { succeeded: 0, skipped: 0, failed: 0, pending: 0 };
  for (const need of step.needs) tally[countsAs(getStep(plan, need), board.get(need))] += 1;
  return tally;
}

function failedNeed(step: PlanStep, plan: WorkflowPlan, board: StepStates): string {
  const failed = step.needs.find((need) => countsAs(getStep(plan, need), board.get(need)) === "failed");
  return failed ?? step.name;
}

function hasBegun(state: StepState | undefined): boolean {
  return state !== undefined && state.status !== "skipped" && state.status !== "blocked";
}

function skip(step: string, reason: StepSkipReason): Settlement {
  return { step, as: "skipped", reason };
}
