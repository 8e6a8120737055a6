import type { Executions, StopReason } from "../../core/ports/executions.ts";
import { formatRunId, type RunKey } from "../../core/run/run-id.ts";
import type { StepAnswer } from "../../core/workflow/asl/answer.ts";
import type { ParallelState, Sequence, StateMachine, TaskState } from "../../core/workflow/asl/state-machine.ts";
import { toStateMachine } from "../../core/workflow/asl/to-state-machine.ts";
import type { WorkflowPlan } from "../../core/workflow/plan.ts";

export type ExecutionStatus = "RUNNING" | "SUCCEEDED" | "FAILED" | "ABORTED";

interface WaitingTask {
  readonly execution: Execution;
  readonly state: TaskState;
  readonly sinceMs: number;
  readonly retries: number;
  readonly goOn: () => void;
}

export interface ServiceOptions {
  readonly nowMs: () => number;
  /** Takes a message to a queue, as JSON. @returns why it can't, which fails the execution */
  readonly send: (queueUrl: string, body: string, execution: Execution) => StopReason | void;
  /** Told of each state that is entered, and of each heartbeat that was missed. */
  readonly onTransition?: () => void;
}

/**
 * What Step Functions does with the part of the States Language that workflows are compiled to: executions that are idempotent
 * by name, tokens that are good for one answer, heartbeats, and a failure that ends everything.
 */
export class StateMachineService {
  /** By name, in the order in which they were started. */
  readonly executions = new Map<string, Execution>();
  readonly #options: ServiceOptions;
  readonly #tasks = new Map<string, WaitingTask>();
  #tokens = 0;

  constructor(options: ServiceOptions) {
    this.#options = options;
  }

  /** Executions under way. */
  get open(): number {
    return [...this.executions.values()].filter(({ status }) => status === "RUNNING").length;
  }

  /** @returns `undefined` when the name is taken by an execution that has ended or has another input */
  start(name: string, machine: StateMachine, input: Readonly<Record<string, string>>): Execution | undefined {
    const known = this.executions.get(name);
    if (known !== undefined) {
      const isSame = known.status === "RUNNING" && JSON.stringify(known.input) === JSON.stringify(input);
      return isSame ? known : undefined;
    }
    const execution = new Execution(name, input);
    this.executions.set(name, execution);
    this.#enter(execution, machine, () => this.#end(execution, "SUCCEEDED"));
    return execution;
  }

  /** @returns `false` when there is no Task that waits with this token */
  answer(token: string, answer: StepAnswer): boolean {
    const task = this.#tasks.get(token);
    if (task === undefined) return false;
    this.#tasks.delete(token);
    if (answer.as === "success") task.goOn();
    else this.#end(task.execution, "FAILED", answer);
    return true;
  }

  /** @returns `false` when there is no such execution */
  stop(name: string, reason: StopReason): boolean {
    const execution = this.executions.get(name);
    if (execution?.status === "RUNNING") this.#end(execution, "ABORTED", reason);
    return execution !== undefined;
  }

  /**
   * Lets Tasks tell again that they were reached whose heartbeat has not come by now.
   *
   * @param afterMs - in place of what their state says
   */
  expireHeartbeats(afterMs?: number): void {
    const nowMs = this.#options.nowMs();
    // Not those that are reached over it.
    const tasks = new Map(this.#tasks);
    for (const [token, { execution, state, sinceMs, retries, goOn }] of tasks) {
      if (nowMs < sinceMs + (afterMs ?? state.HeartbeatSeconds * 1_000)) continue;
      this.#tasks.delete(token);
      this.#reach(execution, state, { retries: retries + 1, goOn });
    }
  }

  #enter(execution: Execution, { StartAt, States }: Sequence, onEnd: () => void): void {
    const go = (name: string): void => {
      const state = States[name];
      if (state === undefined) throw new Error(`There is no state "${name}"`);
      execution.entered.push(name);
      const goOn = (): void => ("Next" in state ? go(state.Next) : onEnd());
      if (state.Type === "Task") this.#reach(execution, state, { retries: 0, goOn });
      else this.#enterAll(execution, state, goOn);
    };
    go(StartAt);
  }

  #enterAll(execution: Execution, { Branches }: ParallelState, goOn: () => void): void {
    this.#count(execution);
    let open = Branches.length;
    for (const branch of Branches)
      this.#enter(execution, branch, () => {
        open -= 1;
        if (open === 0) goOn();
      });
  }

  #reach(
    execution: Execution,
    state: TaskState,
    { retries, goOn }: { readonly retries: number; readonly goOn: () => void },
  ): void {
    // A Task beside it has failed.
    if (execution.status !== "RUNNING") return;
    this.#count(execution);
    this.#tokens += 1;
    const token = `token-${this.#tokens}`;
    this.#tasks.set(token, { execution, state, sinceMs: this.#options.nowMs(), retries, goOn });
    const { QueueUrl, MessageBody } = state.Parameters;
    const { v, step } = MessageBody;
    const body = JSON.stringify({ v, run: execution.input["run"], step, token, retries });
    const failure = this.#options.send(QueueUrl, body, execution);
    if (failure !== undefined) this.#end(execution, "FAILED", failure);
  }

  #count(execution: Execution): void {
    execution.transitions += 1;
    this.#options.onTransition?.();
  }

  #end(execution: Execution, status: ExecutionStatus, reason?: StopReason): void {
    execution.status = status;
    execution.reason = reason;
    for (const [token, task] of this.#tasks) if (task.execution === execution) this.#tasks.delete(token);
  }
}

export class Execution {
  readonly name: string;
  readonly input: Readonly<Record<string, string>>;
  status: ExecutionStatus = "RUNNING";
  reason: StopReason | undefined;
  /** States, in the order in which they were entered. */
  readonly entered: string[] = [];
  transitions = 0;

  constructor(name: string, input: Readonly<Record<string, string>>) {
    this.name = name;
    this.input = input;
  }
}

/** How executions end whose state machine is deleted. */
export const DELETED: StopReason = { error: "States.Deleted", cause: "its state machine was deleted" };

/** The Executions port over a service, an execution for each run and named by its id. */
export class ServiceExecutions implements Executions {
  readonly #service: StateMachineService;
  readonly #queueUrl: string;
  /** Workflows whose state machine was deleted. */
  readonly removed: string[] = [];

  constructor(service: StateMachineService, queueUrl: string) {
    this.#service = service;
    this.#queueUrl = queueUrl;
  }

  begin(run: RunKey, plan: WorkflowPlan): Promise<void> {
    const id = formatRunId(run);
    this.#service.start(id, toStateMachine(plan, { queueUrl: this.#queueUrl }), { run: id });
    return Promise.resolve();
  }

  answer(token: string, answer: StepAnswer): Promise<void> {
    this.#service.answer(token, answer);
    return Promise.resolve();
  }

  stop(run: RunKey, reason: StopReason): Promise<void> {
    this.#service.stop(formatRunId(run), reason);
    return Promise.resolve();
  }

  remove({ namespace, job }: Pick<RunKey, "namespace" | "job">): Promise<void> {
    this.removed.push(`${namespace}.${job}`);
    for (const [name, { status }] of this.#service.executions)
      if (status === "RUNNING" && name.startsWith(`${namespace}.${job}@`)) this.#service.stop(name, DELETED);
    return Promise.resolve();
  }
}
