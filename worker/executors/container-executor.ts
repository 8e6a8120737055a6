import type { CloudWatchLogsClient } from "@aws-sdk/client-cloudwatch-logs";
import type { ECSClient, Task as EcsTask } from "@aws-sdk/client-ecs";
import { exitCodeOf, hasStopped } from "../../adapters/aws/ecs-tasks.ts";
import { SystemClock } from "../../adapters/shared/system-clock.ts";
import type { ContainerDefinition } from "../../core/job/executor.ts";
import type { Clock } from "../../core/ports/clock.ts";
import { awsFailure } from "./aws-failure.ts";
import { ContainerLog } from "./container-log.ts";
import { containerOutcome } from "./container-outcome.ts";
import { type ContainerPlace, containerSpec, logStreamOf, STOP_TIMEOUT_SECONDS } from "./container-spec.ts";
import { ContainerTasks } from "./container-tasks.ts";
import type { Executor, Outcome, Task, TaskIo } from "./executor.ts";
import { failed, Failure, neverStarted, stopped, stopReason } from "./failure.ts";

export interface ContainerExecutorOptions {
  readonly ecs: ECSClient;
  readonly logs: CloudWatchLogsClient;
  readonly place: ContainerPlace;
  readonly workerId: string;
  /** @default the system's */
  readonly clock?: Clock;
}

/** Between two looks at a task; grows up to the longest. */
const FIRST_LOOK_MS = 1_000;
const LONGEST_LOOK_MS = 10_000;
const LOOK_GROWTH = 1.5;
/** Looks in a row that find nothing out; then the attempt is given up. About three minutes. */
const MAX_BLIND_LOOKS = 20;
/** From SIGKILL to ECS telling of it. */
const STOP_MARGIN_MS = 30_000;
/** A worker that drains has little time left itself. */
const DRAIN_MARGIN_MS = 5_000;
/** The log driver sends what it has a moment after the container has ended. */
const LOG_QUIET_MS = 1_000;
const QUIET_LOOKS = 2;
const MAX_LOG_LOOKS = 30;

/**
 * Runs a container as a Fargate task of its own, and stays with it until it has ended.
 *
 * A worker that dies leaves its containers running. The next attempt of the run stops what is left of former ones before
 * it starts its own: the epoch in a task's tags says whose it is.
 *
 * Errors: `EXIT_CODE`, `RESOURCE_LIMIT`, `START_FAILED`, `SPOT_INTERRUPTED`, `TASK_STOPPED`, `CAPACITY_UNAVAILABLE`,
 * `LEFTOVER_RUNNING`, `TAKEN_OVER`, `PARAMETERS_TOO_LARGE`, those of `awsFailure` and those of a stop.
 */
export class ContainerExecutor implements Executor<ContainerDefinition> {
  readonly #options: ContainerExecutorOptions;
  readonly #tasks: ContainerTasks;
  readonly #clock: Clock;

  constructor(options: ContainerExecutorOptions) {
    this.#options = options;
    this.#clock = options.clock ?? new SystemClock();
    this.#tasks = new ContainerTasks(options.ecs, { place: options.place, clock: this.#clock });
  }

  async execute(task: Task<ContainerDefinition>, io: TaskIo): Promise<Outcome> {
    if (io.signal.aborted) return neverStarted(io.signal);
    try {
      const spec = containerSpec(task, this.#options);
      const { family } = spec.definition;
      await this.#stopFormer(task, { family, io });
      if (io.signal.aborted) return neverStarted(io.signal);
      const taskId = await this.#tasks.run(task, spec, io).catch(async (error: unknown) => {
        if (isDoubt(error)) await this.#stopUnseen(task, { family, io });
        throw error;
      });
      io.log("system", `Started as ECS task ${taskId}`);
      return await this.#stayWith(taskId, io);
    } catch (error) {
      return failed(error);
    }
  }

  async #stayWith(taskId: string, io: TaskIo): Promise<Outcome> {
    const { logs: client, place } = this.#options;
    const log = new ContainerLog({ client, logGroup: place.logGroup, logStream: logStreamOf(taskId), io });
    let blind = 0;
    for (let lookMs = FIRST_LOOK_MS; ; lookMs = Math.min(LONGEST_LOOK_MS, lookMs * LOOK_GROWTH)) {
      await this.#clock.sleep(lookMs, io.signal);
      if (io.signal.aborted) return await this.#stop(taskId, { io, log });
      const seen = await this.#look(taskId);
      await log.copy();
      blind = "task" in seen ? 0 : blind + 1;
      if ("error" in seen && blind > MAX_BLIND_LOOKS) {
        await this.#tasks.stop(taskId, "Carillon lost sight of it").catch(() => undefined);
        throw awsFailure(`Cannot see what became of ECS task ${taskId}`, seen.error);
      }
      if ("task" in seen && hasEnded(seen.task)) {
        await this.#copyRest(log);
        return containerOutcome(seen.task, { lastLine: log.lastLine });
      }
    }
  }

  /** ECS may not know for a moment what it has just started, or not answer: both pass. */
  async #look(taskId: string): Promise<{ readonly task: EcsTask } | { readonly error: unknown }> {
    try {
      const task = await this.#tasks.describe(taskId);
      return task === undefined ? { error: new Error("ECS does not know it") } : { task };
    } catch (error) {
      return { error };
    }
  }

  async #stop(taskId: string, { io, log }: { readonly io: TaskIo; readonly log: ContainerLog }): Promise<Outcome> {
    const { kind: reason, graceMs } = stopReason(io.signal);
    const waitMs =
      reason === "drain" ? graceMs + DRAIN_MARGIN_MS : Math.max(graceMs, STOP_TIMEOUT_SECONDS * 1_000) + STOP_MARGIN_MS;
    const seen = await this.#stopAndSee([taskId], { reason, waitMs });
    await log.copy();
    const task = seen.get(taskId);
    const evidence =
      task === undefined
        ? `ECS task ${taskId} was asked to stop, and had not ${Math.round(waitMs / 1_000)} s later`
        : `ECS task ${taskId} was asked to stop and has stopped`;
    return stopped({ reason, confirmed: task !== undefined, evidence }, task && exitCodeOf(task));
  }

  /**
   * Asks tasks to stop, again and again should ECS not answer, until they have or `waitMs` is over.
   *
   * @returns those that have stopped
   */
  async #stopAndSee(
    taskIds: readonly string[],
    { reason, waitMs }: { readonly reason: string; readonly waitMs: number },
  ): Promise<ReadonlyMap<string, EcsTask>> {
    const asked = new Set<string>();
    const gone = new Map<string, EcsTask>();
    const untilMs = this.#clock.monotonicMs() + waitMs;
    for (let lookMs = FIRST_LOOK_MS; ; lookMs = Math.min(LONGEST_LOOK_MS, lookMs * LOOK_GROWTH)) {
      for (const taskId of taskIds) {
        if (!asked.has(taskId)) {
          const isAsked = await this.#tasks.stop(taskId, `Carillon: ${reason}`).then(
            () => true,
            () => false,
          );
          if (isAsked) asked.add(taskId);
        }
        const seen = await this.#look(taskId);
        if ("task" in seen && hasStopped(seen.task)) gone.set(taskId, seen.task);
      }
      if (gone.size === taskIds.length || this.#clock.monotonicMs() >= untilMs) return gone;
      await this.#clock.sleep(lookMs);
    }
  }

  /** @throws {Failure} when a container of a former attempt goes on running, or a later attempt has begun */
  async #stopFormer(task: Task, { family, io }: { readonly family: string; readonly io: TaskIo }): Promise<void> {
    const living = await this.#tasks.living(task, family).catch((error: unknown) => {
      throw awsFailure("Cannot look for containers of former attempts", error);
    });
    if (living.some(({ epoch }) => epoch > task.epoch)) {
      throw new Failure("TAKEN_OVER", "Cannot start the container: a later attempt of the run has started one");
    }
    if (living.length === 0) return;
    const taskIds = living.map(({ taskId }) => taskId);
    io.log("system", `Stopping what a former attempt has left running: ECS task ${taskIds.join(", ")}`);
    const waitMs = STOP_TIMEOUT_SECONDS * 1_000 + STOP_MARGIN_MS;
    const gone = await this.#stopAndSee(taskIds, { reason: "its attempt is over", waitMs });
    const left = taskIds.filter((taskId) => !gone.has(taskId));
    if (left.length === 0) return;
    const message = `Cannot start the container: ECS task ${left.join(", ")} of a former attempt has not stopped`;
    throw new Failure("LEFTOVER_RUNNING", message);
  }

  /** The container may run although ECS has never told of it, and nobody would watch it. */
  async #stopUnseen(task: Task, where: { readonly family: string; readonly io: TaskIo }): Promise<void> {
    await this.#stopFormer(task, where).catch((fault: Error) => where.io.log("system", fault.message));
  }

  async #copyRest(log: ContainerLog): Promise<void> {
    for (let quiet = 0, looks = 0; quiet < QUIET_LOOKS && looks < MAX_LOG_LOOKS; looks += 1) {
      await this.#clock.sleep(LOG_QUIET_MS);
      quiet = (await log.copy()) ? 0 : quiet + 1;
    }
  }
}

function isDoubt(error: unknown): boolean {
  return error instanceof Failure && error.name === "OUTCOME_UNKNOWN";
}

/** All of it has stopped, and ECS says how. */
function hasEnded(task: EcsTask): boolean {
  return hasStopped(task) && (task.lastStatus === "STOPPED" || exitCodeOf(task) !== undefined);
}
