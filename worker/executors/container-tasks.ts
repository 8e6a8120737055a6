import { createHash } from "node:crypto";
import {
  DescribeTaskDefinitionCommand,
  type ECSClient,
  ListTasksCommand,
  RegisterTaskDefinitionCommand,
  RunTaskCommand,
  StopTaskCommand,
  type Task as EcsTask,
} from "@aws-sdk/client-ecs";
import { describeTasks, hasStopped, taskIdOf } from "../../adapters/aws/ecs-tasks.ts";
import type { ContainerDefinition } from "../../core/job/executor.ts";
import { awsFailure } from "./aws-failure.ts";
import type { ContainerPlace, ContainerSpec } from "./container-spec.ts";
import type { Task } from "./executor.ts";
import { Failure } from "./failure.ts";

/** Task definitions known to be there; more than a worker meets, and a bound all the same. */
const MAX_KNOWN = 1_000;
/** ECS has no error of its own for a family that it does not know. */
const NO_SUCH_DEFINITION = /unable to describe task definition/i;
const EPOCH_TAG = "carillon:epoch";

/** The ECS tasks of runs: started once per attempt, found again by their run, stopped. */
export class ContainerTasks {
  readonly #client: ECSClient;
  readonly #place: ContainerPlace;
  /** ARNs by family. */
  readonly #definitions = new Map<string, Promise<string>>();

  constructor(client: ECSClient, place: ContainerPlace) {
    this.#client = client;
    this.#place = place;
  }

  /**
   * Starts the task of an attempt. However often it is asked for the same attempt, there is one.
   *
   * @returns its id
   * @throws {Failure}
   */
  async run(task: Task<ContainerDefinition>, { definition, override }: ContainerSpec): Promise<string> {
    const { cluster, subnets, securityGroups, assignPublicIp } = this.#place;
    const taskDefinition = await this.#definitionOf(definition);
    const command = new RunTaskCommand({
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
    });
    const reply = await this.#client.send(command).catch((error: unknown) => {
      this.#definitions.delete(definition.family);
      throw awsFailure(`Cannot start a container of ${task.definition.image}`, error);
    });
    const [started] = reply.tasks ?? [];
    if (started !== undefined) return taskIdOf(started.taskArn);
    const { reason = "no reason given", detail } = reply.failures?.[0] ?? {};
    const words = `Cannot start a container of ${task.definition.image}: ${reason}`;
    throw new Failure("CAPACITY_UNAVAILABLE", detail === undefined ? words : `${words}, ${detail}`);
  }

  /** What is known of a task; `undefined` when nothing. */
  async describe(taskId: string): Promise<EcsTask | undefined> {
    const tasks = await describeTasks(this.#client, { cluster: this.#place.cluster, tasks: [taskId] });
    return tasks.get(taskId);
  }

  /** Tasks of a run that have not stopped, of whichever attempt, with the epoch of each. */
  async living(runId: string): Promise<readonly { readonly taskId: string; readonly epoch: number }[]> {
    const { cluster } = this.#place;
    // ECS lists a task under the status that it is to have: one that was told to stop is among the stopped at once.
    const lists = await Promise.all(
      (["RUNNING", "STOPPED"] as const).map((desiredStatus) =>
        this.#client.send(new ListTasksCommand({ cluster, startedBy: startedBy(runId), desiredStatus })),
      ),
    );
    const tasks = lists.flatMap(({ taskArns = [] }) => taskArns);
    if (tasks.length === 0) return [];
    const found = await describeTasks(this.#client, { cluster, tasks, withTags: true });
    return [...found].flatMap(([taskId, task]) => (hasStopped(task) ? [] : [{ taskId, epoch: epochOf(task) }]));
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
