import {
  DescribeServicesCommand,
  type ECSClient,
  StopTaskCommand,
  type Task,
  UpdateServiceCommand,
} from "@aws-sdk/client-ecs";
import type { Clock } from "../../core/ports/clock.ts";
import { PortError } from "../../core/ports/errors.ts";
import type { Fleet, FleetMember, StopEvidence } from "../../core/ports/fleet.ts";
import { SystemClock } from "../shared/system-clock.ts";
import { describeTasks, exitCodeOf, hasStopped, listTasks } from "./ecs-tasks.ts";
import { portError } from "./sdk-errors.ts";

export interface EcsFleetOptions {
  readonly client: ECSClient;
  /** Name or ARN. */
  readonly cluster: string;
  /** The service of pool `P` is `<installation>-P`. */
  readonly installation: string;
  /** @default the system's */
  readonly clock?: Clock;
}

const MAX_WORKERS = 1_000;
/** Between two looks at a task that is to stop; doubles up to the longest. */
const FIRST_LOOK_MS = 1_000;
const LONGEST_LOOK_MS = 5_000;
/** From SIGKILL to the task being told of as stopped. */
const STOP_MARGIN_MS = 30_000;

/**
 * The fleet on ECS: a pool is a service, a worker is one of its tasks, and the worker's id is the task's.
 *
 * A service stops surplus tasks by SIGTERM, which drains a worker, and never one that protects itself (see
 * `TaskProtection`). How long a task has until SIGKILL stands in its definition (`stopTimeout`, 120 s at most) and not
 * with `stop`, whose `graceMs` bounds how long is waited for the evidence.
 */
export class EcsFleet implements Fleet {
  readonly #client: ECSClient;
  readonly #cluster: string;
  readonly #installation: string;
  readonly #clock: Clock;

  constructor({ client, cluster, installation, clock = new SystemClock() }: EcsFleetOptions) {
    this.#client = client;
    this.#cluster = cluster;
    this.#installation = installation;
    this.#clock = clock;
  }

  /** One request when the service wants `count` tasks already, else two. */
  async resize(pool: string, count: number): Promise<void> {
    if (!Number.isInteger(count) || count < 0 || count > MAX_WORKERS) {
      throw new PortError(
        "INVALID",
        `Cannot resize pool "${pool}": count must be from 0 to ${MAX_WORKERS}; got ${count}`,
      );
    }
    const [cluster, service] = [this.#cluster, this.#serviceOf(pool)];
    if ((await this.#desiredCount(service)) === count) return;
    try {
      await this.#client.send(new UpdateServiceCommand({ cluster, service, desiredCount: count }));
    } catch (error) {
      throw portError(`Cannot set service "${service}" to ${count} tasks`, error);
    }
  }

  /** Those that are to run; one that ECS was told to stop is mostly left out at once, while it still drains. */
  async list(): Promise<readonly FleetMember[]> {
    try {
      const [client, cluster] = [this.#client, this.#cluster];
      const tasks = await describeTasks(client, { cluster, tasks: await listTasks(client, { cluster }) });
      return [...tasks].flatMap(([workerId, task]) => {
        const pool = this.#poolOf(task);
        return pool === undefined || hasStopped(task) ? [] : [{ workerId, pool, state: stateOf(task) }];
      });
    } catch (error) {
      throw portError(`Cannot list the tasks of cluster "${this.#cluster}"`, error, { reading: true });
    }
  }

  /** The service starts another worker in place of the one that was stopped. */
  async stop(workerId: string, { graceMs }: { readonly graceMs: number }): Promise<StopEvidence> {
    const found = await this.#find(workerId);
    if (found === undefined) return { stopped: true, how: "absent" };
    if (hasStopped(found)) return evidenceOf(found);
    await this.#ask(workerId);
    const untilMs = this.#clock.monotonicMs() + graceMs + STOP_MARGIN_MS;
    for (let lookMs = FIRST_LOOK_MS; ; lookMs = Math.min(LONGEST_LOOK_MS, lookMs * 2)) {
      const task = await this.#find(workerId);
      if (task === undefined) return { stopped: true, how: "absent" };
      if (hasStopped(task)) return evidenceOf(task);
      if (this.#clock.monotonicMs() >= untilMs) return { stopped: false, how: "timeout" };
      await this.#clock.sleep(lookMs);
    }
  }

  #serviceOf(pool: string): string {
    return `${this.#installation}-${pool}`;
  }

  /** The pool of one of our services' tasks; `undefined` for others of the cluster, such as containers of runs. */
  #poolOf({ group = "" }: Task): string | undefined {
    const prefix = `service:${this.#serviceOf("")}`;
    return group.startsWith(prefix) ? group.slice(prefix.length) : undefined;
  }

  async #desiredCount(service: string): Promise<number | undefined> {
    const action = `Cannot read service "${service}" of cluster "${this.#cluster}"`;
    const reply = await this.#client
      .send(new DescribeServicesCommand({ cluster: this.#cluster, services: [service] }))
      .catch((error: unknown) => {
        throw portError(action, error, { reading: true });
      });
    const found = reply.services?.find(({ status }) => status === "ACTIVE");
    if (found === undefined) throw new PortError("UNAVAILABLE", `${action}: there is no such service`);
    return found.desiredCount;
  }

  /** A worker's task; `undefined` when ECS does not know it, or it is none of ours. */
  async #find(workerId: string): Promise<Task | undefined> {
    if (!TASK_ID.test(workerId)) return undefined;
    const tasks = await describeTasks(this.#client, { cluster: this.#cluster, tasks: [workerId] }).catch(
      (error: unknown) => {
        throw portError(`Cannot describe task "${workerId}"`, error, { reading: true });
      },
    );
    const task = tasks.get(workerId);
    return task === undefined || this.#poolOf(task) === undefined ? undefined : task;
  }

  async #ask(workerId: string): Promise<void> {
    try {
      await this.#client.send(
        new StopTaskCommand({ cluster: this.#cluster, task: workerId, reason: "Stopped by Carillon" }),
      );
    } catch (error) {
      throw portError(`Cannot stop task "${workerId}"`, error);
    }
  }
}

/** Other texts than ids of tasks are refused by ECS with an error. */
const TASK_ID = /^[0-9a-f]{32}$/;

function stateOf({ lastStatus, desiredStatus }: Task): FleetMember["state"] {
  if (desiredStatus === "STOPPED") return "draining";
  return lastStatus === "RUNNING" ? "running" : "starting";
}

/** A worker that has drained ends with 0; 137 is SIGKILL. What was never started had nothing to be killed. */
function evidenceOf(task: Task): StopEvidence {
  const exitCode = exitCodeOf(task);
  return { stopped: true, how: exitCode === undefined || exitCode === 0 ? "drained" : "killed" };
}
