import { getStep, type Phase, PHASES, type PlanStep, type WorkflowPlan } from "../plan.ts";
import { WorkflowError } from "../workflow-error.ts";
import { type Block, decompose, type Parallel, type Row } from "./decompose.ts";
import type { Continuation, ParallelState, Sequence, State, StateMachine, TaskState } from "./state-machine.ts";
import { stateNames } from "./state-names.ts";

/** More would come near the 25,000 events that the history of an execution may have, at six a step. */
export const MAX_STATE_MACHINE_STEPS = 2_000;
/** @see https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html */
export const MAX_DEFINITION_BYTES = 1_048_576;
/**
 * After how long without an answer a state tells anew that it was reached, in case the answer was lost: an hour for what
 * workers do, a day for what waits. Each time costs a transition, and five of the 25,000 events that a history may have: where
 * many steps may be open side by side it is longer, so that all of them can wait for days.
 */
const HEARTBEAT_SECONDS = { ofWorkers: 3_600, ofOthers: 86_400 } as const;
const STEPS_PER_HOUR = 50;

/** As much as there may be, of heartbeats as of seconds: runs are bounded by their own time-outs. */
const UNBOUNDED = 99_999_999;
const MAX_NEEDS_TOLD = 3;

export interface StateMachineOptions {
  /** Where the state machine tells that a step was reached. */
  readonly queueUrl: string;
  /** Of AWS, such as `aws-cn`. Default `aws`. */
  readonly partition?: string;
}

/**
 * Compiles a workflow to a state machine of Step Functions that shows how a run goes: one Task for each step, of whatever
 * kind, which sends `{ v, run, step, token, retries }` when it is reached and waits for the answer. `run` is the `run` of the
 * execution's input.
 *
 * ```
 * main ──▶ onError ──▶ finally         each laid out by `decompose`
 * ```
 *
 * The state machine decides nothing. Steps are started and ended by `advance`, whether they were reached here or not; what
 * a step's Task is answered is said by `answerFor`.
 *
 * @throws {WorkflowError} `workflow-too-large` or `workflow-invalid` for what Step Functions would refuse
 */
export function toStateMachine(plan: WorkflowPlan, options: StateMachineOptions): StateMachine {
  const count = plan.steps.size;
  if (count > MAX_STATE_MACHINE_STEPS) throw tooLarge(`of ${count} steps: at most ${MAX_STATE_MACHINE_STEPS} fit`);
  const rows = PHASES.map((phase) => [phase, rowOf(phase, plan)] as const);
  const names = stateNames(rows);
  const machine = {
    Comment:
      count === 1
        ? "1 step. Carillon starts it and answers its state; nothing is decided here"
        : `${count} steps. Carillon starts them and answers their states; nothing is decided here`,
    ...sequenceOf(
      rows.flatMap(([, row]) => row),
      { plan, names, options },
    ),
  };
  // Names and comments are ASCII: their characters are bytes.
  const bytes = JSON.stringify(machine).length;
  if (bytes > MAX_DEFINITION_BYTES) throw tooLarge(`of ${bytes} bytes: at most ${MAX_DEFINITION_BYTES} fit`);
  return machine;
}

function rowOf(phase: Phase, plan: WorkflowPlan): Row {
  return decompose(new Map(plan.order[phase].map((name) => [name, getStep(plan, name).needs])));
}

interface Context {
  readonly plan: WorkflowPlan;
  readonly names: ReadonlyMap<Block, string>;
  readonly options: StateMachineOptions;
}

function sequenceOf(row: Row, context: Context): Sequence {
  const names = row.map((block) => context.names.get(block) ?? "");
  const states = row.map((block, index): [string, State] => {
    const next = names[index + 1];
    const continuation: Continuation = next === undefined ? { End: true } : { Next: next };
    const state =
      block.kind === "step"
        ? taskState(getStep(context.plan, block.step), continuation, context)
        : parallelState(block, continuation, context);
    return [names[index] ?? "", state];
  });
  return { StartAt: names[0] ?? "", States: Object.fromEntries(states) };
}

function taskState(step: PlanStep, continuation: Continuation, { plan, options }: Context): TaskState {
  return {
    Type: "Task",
    Comment: commentOf(step),
    Resource: `arn:${options.partition ?? "aws"}:states:::sqs:sendMessage.waitForTaskToken`,
    Parameters: {
      QueueUrl: options.queueUrl,
      MessageBody: {
        v: 1,
        "run.$": "$$.Execution.Input.run",
        step: step.name,
        "token.$": "$$.Task.Token",
        "retries.$": "$$.State.RetryCount",
      },
    },
    ResultPath: null,
    // The language's own default is a minute, though Step Functions has none.
    TimeoutSeconds: UNBOUNDED,
    HeartbeatSeconds: heartbeatSeconds(step, plan),
    Retry: [{ ErrorEquals: ["States.HeartbeatTimeout"], IntervalSeconds: 1, BackoffRate: 1, MaxAttempts: UNBOUNDED }],
    ...continuation,
  };
}

function heartbeatSeconds({ action }: PlanStep, { steps }: WorkflowPlan): number {
  const { ofWorkers, ofOthers } = HEARTBEAT_SECONDS;
  if (action.kind !== "executor") return ofOthers;
  return Math.min(ofOthers, ofWorkers * Math.ceil(steps.size / STEPS_PER_HOUR));
}

function parallelState(block: Parallel, continuation: Continuation, context: Context): ParallelState {
  return {
    Type: "Parallel",
    Comment: block.isCrossed
      ? "Steps of one branch also need steps of another"
      : "Branches are independent of each other",
    ResultPath: null,
    Branches: block.branches.map((branch) => sequenceOf(branch, context)),
    ...continuation,
  };
}

/** Such as `map of command; needs extract, check; rule anySucceeded`. */
function commentOf(step: PlanStep): string {
  return [kindOf(step), `needs ${needsText(step.needs)}`, `rule ${step.rule}`].join("; ");
}

function kindOf({ action, definition }: PlanStep): string {
  switch (action.kind) {
    case "executor":
      return `${action.map === undefined ? "" : "map of "}${definition.executor?.type ?? "executor"}`;
    case "workflow":
      return `${action.map === undefined ? "" : "map of "}job ${action.job}`;
    case "awaits":
      return `await job ${action.job}`;
    case "waitFor":
    case "waitUntil":
      return "wait";
    case "switch":
    case "approval":
      return action.kind;
  }
}

function needsText(needs: readonly string[]): string {
  if (needs.length === 0) return "nothing";
  const told = needs.slice(0, MAX_NEEDS_TOLD);
  const rest = needs.length - told.length;
  return told.join(", ") + (rest > 0 ? ` and ${rest} more` : "");
}

function tooLarge(rule: string): WorkflowError {
  return new WorkflowError("workflow-too-large", {
    pointer: "/executor/steps",
    message: `Cannot compile a workflow to a state machine ${rule}`,
  });
}
