import {
  DeleteStateMachineCommand,
  ExecutionAlreadyExists,
  ExecutionDoesNotExist,
  InvalidToken,
  ListExecutionsCommand,
  SendTaskFailureCommand,
  SendTaskSuccessCommand,
  type SFNClient,
  StartExecutionCommand,
  StateMachineDeleting,
  StateMachineDoesNotExist,
  StopExecutionCommand,
  TaskDoesNotExist,
  TaskTimedOut,
} from "@aws-sdk/client-sfn";
import type { Executions, StopReason } from "../../core/ports/executions.ts";
import { formatRunId, type RunKey } from "../../core/run/run-id.ts";
import type { StepAnswer } from "../../core/workflow/asl/answer.ts";
import { toStateMachine } from "../../core/workflow/asl/to-state-machine.ts";
import type { WorkflowPlan } from "../../core/workflow/plan.ts";
import { portError } from "./sdk-errors.ts";
import { SfnMachines } from "./sfn-machines.ts";
import { executionName, machineName } from "./sfn-names.ts";

export interface SfnOptions {
  /** ARN of a state machine up to its name: `arn:aws:states:eu-west-1:123456789012:stateMachine:`. */
  readonly arnPrefix: string;
  /** Role that state machines take: it may send to the engine's queue. */
  readonly roleArn: string;
  /** Begins the names of state machines. */
  readonly installation: string;
  /** Address of the engine's queue. */
  readonly queueUrl: string;
}

const DELETED: StopReason = { error: "Carillon.Deleted", cause: "its workflow was deleted" };

type Workflow = Pick<RunKey, "namespace" | "job">;

/** Versions whose published ARN is remembered. */
const MAX_REMEMBERED = 200;
/** @see https://docs.aws.amazon.com/step-functions/latest/apireference/API_StopExecution.html */
const MAX_ERROR_LENGTH = 256;
const MAX_CAUSE_LENGTH = 32_768;

/**
 * Executions at Step Functions: a state machine for each workflow, made when its first run begins, with a published version
 * for each definition. No name is looked up or kept: all follow from those of the workflow and the run.
 */
export class SfnExecutions implements Executions {
  readonly #client: SFNClient;
  readonly #options: SfnOptions;
  readonly #machines: SfnMachines;
  /** ARNs of published versions, by the version of the job. */
  readonly #published = new Map<string, Promise<string>>();

  constructor(client: SFNClient, options: SfnOptions) {
    this.#client = client;
    this.#options = options;
    this.#machines = new SfnMachines(client, options.roleArn);
  }

  async begin(run: RunKey & { readonly version: number }, plan: WorkflowPlan): Promise<void> {
    const id = formatRunId(run);
    const stateMachineArn = await this.#publish(run, plan);
    try {
      const command = { stateMachineArn, name: executionName(run), input: JSON.stringify({ run: id }) };
      await this.#client.send(new StartExecutionCommand(command));
    } catch (error) {
      if (error instanceof ExecutionAlreadyExists) return;
      // It was deleted behind our back, or is being deleted: the next try makes it anew, as soon as the name is free.
      const isGone = error instanceof StateMachineDoesNotExist || error instanceof StateMachineDeleting;
      if (isGone) this.#published.delete(versionOf(run));
      throw portError(`Cannot start the execution of run "${id}"`, error);
    }
  }

  async answer(taskToken: string, answer: StepAnswer): Promise<void> {
    try {
      await (answer.as === "success"
        ? this.#client.send(new SendTaskSuccessCommand({ taskToken, output: JSON.stringify(answer.output) }))
        : this.#client.send(new SendTaskFailureCommand({ taskToken, ...shortened(answer) })));
    } catch (error) {
      const isOver = [TaskDoesNotExist, TaskTimedOut, InvalidToken].some((known) => error instanceof known);
      if (!isOver) throw portError("Cannot answer a task of an execution", error);
    }
  }

  async stop(run: RunKey, reason: StopReason): Promise<void> {
    const executionArn = `${this.#arnOf(run).replace(":stateMachine:", ":execution:")}:${executionName(run)}`;
    try {
      await this.#client.send(new StopExecutionCommand({ executionArn, ...shortened(reason) }));
    } catch (error) {
      if (error instanceof ExecutionDoesNotExist) return;
      throw portError(`Cannot stop the execution of run "${formatRunId(run)}"`, error);
    }
  }

  /** Stops what is under way first: a Task that waits would keep the state machine, and its name, until its heartbeat. */
  async remove(workflow: Workflow): Promise<void> {
    const stateMachineArn = this.#arnOf(workflow);
    try {
      const open = { stateMachineArn, statusFilter: "RUNNING" } as const;
      const { executions = [] } = await this.#client.send(new ListExecutionsCommand(open));
      for (const { executionArn } of executions)
        await this.#client.send(new StopExecutionCommand({ executionArn, ...DELETED }));
      await this.#client.send(new DeleteStateMachineCommand({ stateMachineArn }));
    } catch (error) {
      if (!(error instanceof StateMachineDoesNotExist)) throw portError(`Cannot delete "${stateMachineArn}"`, error);
    }
  }

  #publish(run: Workflow & { readonly version: number }, plan: WorkflowPlan): Promise<string> {
    const key = versionOf(run);
    const known = this.#published.get(key);
    if (known !== undefined) return known;
    const { namespace, job, version } = run;
    const { arnPrefix, installation, queueUrl } = this.#options;
    const [, partition = "aws"] = arnPrefix.split(":");
    const published = this.#machines.publish({
      arn: this.#arnOf(run),
      name: this.#nameOf(run),
      definition: JSON.stringify(toStateMachine(plan, { queueUrl, partition })),
      description: `version ${version} of ${namespace}.${job}`,
      tags: {
        "carillon:installation": installation,
        "carillon:namespace": namespace,
        "carillon:job": job,
      },
    });
    if (this.#published.size >= MAX_REMEMBERED) this.#published.clear();
    this.#published.set(key, published);
    published.catch(() => this.#published.delete(key));
    return published;
  }

  #nameOf(workflow: Workflow): string {
    return machineName(`${this.#options.installation}-`, workflow);
  }

  #arnOf(workflow: Workflow): string {
    return this.#options.arnPrefix + this.#nameOf(workflow);
  }
}

function versionOf({ namespace, job, version }: Workflow & { readonly version: number }): string {
  return `${namespace}.${job}@${version}`;
}

/** Half a character, which a cut can leave, is not taken as JSON everywhere. */
function shortened({ error, cause }: StopReason): StopReason {
  return {
    error: error.slice(0, MAX_ERROR_LENGTH).toWellFormed(),
    cause: cause.slice(0, MAX_CAUSE_LENGTH).toWellFormed(),
  };
}
