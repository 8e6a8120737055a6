import { createHash } from "node:crypto";
import {
  DescribeTaskDefinitionCommand,
  type ECSClient,
  RegisterTaskDefinitionCommand,
  StopTaskCommand,
  type Task as EcsTask,
} from "@aws-sdk/client-ecs";
import { describeTasks, hasStopped, listTasks } from "../../adapters/aws/ecs-tasks.ts";
import type { ContainerDefinition } from "../../core/job/executor.ts";
import type { Clock } from "../../core/ports/clock.ts";
import { awsFailure } from "./aws-failure.ts";
import type { ContainerPlace, ContainerSpec } from "./container-spec.ts";
import type { Task, TaskIo } from "./executor.ts";
import { runTask, type RunTaskRequest } from "./run-task.ts";

/** Task definitions known to be there; more than a worker meets, and a bound all the same. */
const MAX_KNOWN = 1_000;
/** ECS has no error of its own for a family that it does not know. */
const NO_SUCH_DEFINITION = /unable to describe task definition/i;
const EPOCH_TAG = "carillon:epoch";

/** The ECS tasks of runs: started once per attempt, found again by their run, stopped. */
export class ContainerTasks {
  readonly #client: ECSClient;
  readonly #place: ContainerPlace;
  readonly #clock: Clock;
  /** ARNs by family. */
  readonly #definitions = new Map<string, Promise<string>>();

  constructor(client: ECSClient, { place, clock }: { readonly place: ContainerPlace; readonly clock: Clock }) {
    this.#client = client;
    this.#place = place;
    this.#clock = clock;
  }

  /**
   * Starts the task of an attempt. However often it is asked for the same attempt, there is one.
   *
   * @returns its id
   * @throws {Failure} of which `OUTCOME_UNKNOWN` means that it may run all the same
   */
  async run(
    task: Task<ContainerDefinition>,
    { definition, override }: ContainerSpec,
    io: Pick<TaskIo, "log" | "signal">,
  ): Promise<string> {
    const { cluster, subnets, securityGroups, assignPublicIp } = this.#place;
    const taskDefinition = await this.#definitionOf(definition);
    const input: RunTaskRequest = {
      cluster,
      taskDefinition,
      count: 1,
      clientToken: hashOf(`${task.runId}#${task.epoch}`),
      startedBy: startedBy(task.runId),
      ...(task.definition.spot === true
        ? { capacityProviderStrategy: [{ capacityProvider: "FARGATE_SPOT", weight: 1 }] }
        : { launchType: "FARGATE" as const }),
      networkConfiguration: {
        awsvpcConfiguration: {
          subnets: [...subnets],
          securityGroups: [...securityGroups],
          assignPublicIp: assignPublicIp ? "ENABLED" : "DISABLED",
        },
      },
      overrides: { containerOverrides: [override] },
      tags: tagsOf(task),
    };
    const action = `Cannot start a container of ${task.definition.image}`;
    return await runTask(this.#client, input, { action, clock: this.#clock, io }).catch((error: unknown) => {
      this.#definitions.delete(definition.family);
      throw error;
    });
  }

  /** What is known of a task; `undefined` when nothing. */
  async describe(taskId: string): Promise<EcsTask | undefined> {
    const tasks = await describeTasks(this.#client, { cluster: this.#place.cluster, tasks: [taskId] });
    return tasks.get(taskId);
  }

  /**
   * Tasks of a run that have not stopped, of whichever attempt, with the epoch of each.
   *
   * @param family - in which tasks are looked for that were told to stop and may go on for a while
   */
  async living(
    { runId, attempt }: Task,
    family: string,
  ): Promise<readonly { readonly taskId: string; readonly epoch: number }[]> {
    const { cluster } = this.#place;
    const ours = startedBy(runId);
    const running = await listTasks(this.#client, { cluster, startedBy: ours });
    // Those of all runs alike, within an hour. There are none of this run before its second attempt.
    const stopping = attempt > 1 ? await listTasks(this.#client, { cluster, family, desiredStatus: "STOPPED" }) : [];
    const found = await describeTasks(this.#client, { cluster, tasks: [...running, ...stopping], withTags: true });
    return [...found].flatMap(([taskId, task]) =>
      task.startedBy !== ours || hasStopped(task) ? [] : [{ taskId, epoch: epochOf(task) }],
    );
  }

  /** Asks for SIGTERM, and for SIGKILL `STOP_TIMEOUT_SECONDS` later. */
  async stop(taskId: string, reason: string): Promise<void> {
    await this.#client.send(new StopTaskCommand({ cluster: this.#place.cluster, task: taskId, reason }));
  }

  #definitionOf(definition: ContainerSpec["definition"]): Promise<string> {
    const known = this.#definitions.get(definition.family);
    if (known !== undefined) return known;
    if (this.#definitions.size >= MAX_KNOWN) this.#definitions.clear();
    const asked = this.#findOrRegister(definition).catch((error: unknown) => {
      this.#definitions.delete(definition.family);
      throw awsFailure(`Cannot register task definition "${definition.family}"`, error);
    });
    this.#definitions.set(definition.family, asked);
    return asked;
  }

  /** The family's name holds a hash of its content: whatever revision there is, it is right. */
  async #findOrRegister(definition: ContainerSpec["definition"]): Promise<string> {
    const found = await this.#client
      .send(new DescribeTaskDefinitionCommand({ taskDefinition: definition.family }))
      .catch((error: unknown) => {
        if (error instanceof Error && NO_SUCH_DEFINITION.test(error.message)) return undefined;
        throw error;
      });
    const known = found?.taskDefinition?.taskDefinitionArn;
    if (known !== undefined) return known;
    const { taskDefinition } = await this.#client.send(new RegisterTaskDefinitionCommand(definition));
    return taskDefinition?.taskDefinitionArn ?? definition.family;
  }
}

/** By which the tasks of a run are found; ECS takes at most 128 letters, digits, `-`, `_` and `/`. */
export function startedBy(runId: string): string {
  return `carillon/${hashOf(runId)}`;
}

function hashOf(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 32);
}

function tagsOf({ runId, namespace, job, attempt, epoch }: Task): { key: string; value: string }[] {
  return [
    { key: "carillon:run", value: runId },
    { key: "carillon:namespace", value: namespace },
    { key: "carillon:job", value: job },
    { key: "carillon:attempt", value: String(attempt) },
    { key: EPOCH_TAG, value: String(epoch) },
  ];
}

/** A task whose tag somebody has removed counts as one of an earlier attempt. */
function epochOf({ tags = [] }: EcsTask): number {
  return Number(tags.find(({ key }) => key === EPOCH_TAG)?.value ?? 0);
}
