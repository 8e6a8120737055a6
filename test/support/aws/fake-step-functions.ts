import type { StopReason } from "../../../core/ports/executions.ts";
import type { Sequence, StateMachine } from "../../../core/workflow/asl/state-machine.ts";
import { type Execution, StateMachineService } from "../state-machines.ts";
import type { FakeReply, FakeRequest } from "./fake-service.ts";
import {
  type FakeMachine,
  FakeStateMachines,
  type FakeStateMachinesOptions,
  type Input,
  NAME,
  Refusal,
  refused,
  text,
} from "./fake-state-machines.ts";

export interface FakeStepFunctionsOptions extends FakeStateMachinesOptions {
  /** Takes the message of a Task to a queue, in the role of its state machine. @returns why it can't */
  readonly send?: (message: { queueUrl: string; body: string; roleArn: string }) => StopReason | void;
  /** Told of each state that is entered. */
  readonly onTransition?: () => void;
}

const MAX_REASON = { error: 256, cause: 32_768 } as const;
const MAX_ARN_LENGTH = 256;

/**
 * Step Functions in memory, as far as state machines with versions and their executions are asked for: protocol awsJson1_0.
 * Definitions are checked by a validator; executions do what `StateMachineService` does.
 *
 * @see https://docs.aws.amazon.com/step-functions/latest/apireference/API_Operations.html
 */
export class FakeStepFunctions {
  /** Operations so far, in order. */
  readonly calls: string[] = [];
  /** Executions are named `<state machine>:<execution>` there. */
  readonly service: StateMachineService;
  readonly #options: FakeStepFunctionsOptions;
  readonly #machines: FakeStateMachines;
  /** Of executions, by their names. */
  readonly #roles = new Map<string, string>();
  readonly #failures: { readonly operation: string; readonly reply: FakeReply }[] = [];

  constructor(options: FakeStepFunctionsOptions) {
    this.#options = options;
    this.#machines = new FakeStateMachines(options);
    this.service = new StateMachineService({
      nowMs: Date.now,
      onTransition: () => options.onTransition?.(),
      send: (queueUrl, body, { name }) => options.send?.({ queueUrl, body, roleArn: this.#roles.get(name) ?? "" }),
    });
  }

  /** By their names. */
  get machines(): Map<string, FakeMachine> {
    return this.#machines.byName;
  }

  /** Answers the next request of an operation by an error. */
  failNext(operation: string, error: string, status = 400): void {
    this.#failures.push({ operation, reply: refusal(error, "told to fail", status) });
  }

  /** The machines that are being deleted are gone from now on. */
  finishDeletions(): void {
    for (const [name, { status }] of this.machines) if (status === "DELETING") this.machines.delete(name);
  }

  /** Executions of a state machine, in the order in which they were started. */
  executionsOf(machine: string): readonly Execution[] {
    return [...this.service.executions.values()].filter(({ name }) => name.startsWith(`${machine}:`));
  }

  readonly handle = ({ headers, body }: FakeRequest): FakeReply => {
    const operation = headers["x-amz-target"]?.replace(/^AWSStepFunctions\./, "") ?? "";
    this.calls.push(operation);
    const failure = this.#failures.findIndex((each) => each.operation === operation);
    if (failure >= 0) return this.#failures.splice(failure, 1)[0]?.reply ?? json({});
    const answer = this.#operations[operation];
    if (answer === undefined) return refusal("UnknownOperationException", operation);
    try {
      return json(answer(JSON.parse(body) as Input));
    } catch (error) {
      if (error instanceof Refusal) return refusal(error.message, String(error.cause));
      throw error;
    }
  };

  readonly #operations: Readonly<Record<string, (input: Input) => object>> = {
    CreateStateMachine: (input) => this.#machines.create(input),
    UpdateStateMachine: (input) => this.#machines.update(input),
    DescribeStateMachine: (input) => this.#machines.describe(input),
    ListStateMachineVersions: (input) => this.#machines.listVersions(input),
    DeleteStateMachineVersion: (input) => this.#machines.deleteVersion(input),
    DeleteStateMachine: (input) => this.#delete(input),
    StartExecution: (input) => this.#start(input),
    ListExecutions: (input) => this.#list(input),
    StopExecution: (input) => this.#stop(input),
    SendTaskSuccess: (input) => {
      JSON.parse(text(input, "output"));
      return this.#answer(input, { as: "success", output: {} });
    },
    SendTaskFailure: (input) => this.#answer(input, { as: "failure", ...reasonOf(input) }),
  };

  /** It is there until `finishDeletions`, though of no use; its executions are gone. */
  #delete(input: Input): object {
    const [name] = this.#machines.nameIn(text(input, "stateMachineArn"));
    const machine = this.machines.get(name);
    if (machine !== undefined) machine.status = "DELETING";
    for (const execution of this.executionsOf(name)) this.service.executions.delete(execution.name);
    return {};
  }

  #start(input: Input): object {
    const { machine, version } = this.#machines.find(text(input, "stateMachineArn"));
    if (machine.status === "DELETING") throw refused("StateMachineDeleting", machine.name);
    const name = text(input, "name");
    if (!NAME.test(name)) throw refused("InvalidName", name);
    const { definition, roleArn } = version ?? machine;
    const key = `${machine.name}:${name}`;
    if (!this.service.executions.has(key)) this.#roles.set(key, roleArn);
    const parameters = JSON.parse(text(input, "input")) as Record<string, string>;
    const execution = this.service.start(key, JSON.parse(definition) as StateMachine, parameters);
    if (execution === undefined) throw refused("ExecutionAlreadyExists", name);
    return { executionArn: this.#executionArn(key), startDate: 1.7e9 };
  }

  /** Of one that has ended nothing is changed, and nothing said. */
  #list(input: Input): object {
    const { machine } = this.#machines.find(text(input, "stateMachineArn"));
    const { statusFilter } = input as { readonly statusFilter?: string };
    const found = this.executionsOf(machine.name).filter(
      ({ status }) => statusFilter === undefined || status === statusFilter,
    );
    const executions = found.map(({ name, status }) => ({
      executionArn: this.#executionArn(name),
      stateMachineArn: machine.arn,
      name: name.split(":")[1],
      status,
      startDate: 1.7e9,
    }));
    return { executions };
  }

  #stop(input: Input): object {
    const arn = text(input, "executionArn");
    if (arn.length > MAX_ARN_LENGTH) throw refused("ValidationException", arn);
    const prefix = this.#executionArn("");
    if (!arn.startsWith(prefix)) throw refused("InvalidArn", arn);
    if (!this.service.stop(arn.slice(prefix.length), reasonOf(input))) throw refused("ExecutionDoesNotExist", arn);
    return { stopDate: 1.7e9 };
  }

  #answer(input: Input, answer: Parameters<StateMachineService["answer"]>[1]): object {
    const token = text(input, "taskToken");
    if (!/^token-\d+$/.test(token)) throw refused("InvalidToken", "Invalid token");
    const isTaken = this.service.answer(token, answer);
    if (!isTaken) throw refused("TaskTimedOut", "Provided task does not exist anymore");
    return {};
  }

  #executionArn(key: string): string {
    return this.#options.arnPrefix.replace(":stateMachine:", ":execution:") + key;
  }
}

/** Names of all states of a definition, however deep. */
export function statesOf({ States }: Sequence): readonly string[] {
  return Object.entries(States).flatMap(([name, state]) => [
    name,
    ...(state.Type === "Parallel" ? state.Branches.flatMap(statesOf) : []),
  ]);
}

function reasonOf(input: Input): StopReason {
  const reason = { error: text(input, "error"), cause: text(input, "cause") };
  for (const field of ["error", "cause"] as const)
    if (reason[field].length > MAX_REASON[field] || !reason[field].isWellFormed())
      throw refused("ValidationException", `${field} is too long or no text`);
  return reason;
}

function json(value: object): FakeReply {
  return { status: 200, headers: { "content-type": "application/x-amz-json-1.0" }, body: JSON.stringify(value) };
}

function refusal(error: string, message: string, status = 400): FakeReply {
  const headers = { "content-type": "application/x-amz-json-1.0" };
  return { status, headers, body: JSON.stringify({ __type: `com.amazonaws.sfn#${error}`, message }) };
}
