import { ConflictException, type ECSClient, RunTaskCommand, type RunTaskCommandInput } from "@aws-sdk/client-ecs";
import { taskIdOf } from "../../adapters/aws/ecs-tasks.ts";
import type { Clock } from "../../core/ports/clock.ts";
import { awsFailure } from "./aws-failure.ts";
import type { TaskIo } from "./executor.ts";
import { Failure } from "./failure.ts";

export type RunTaskRequest = RunTaskCommandInput & {
  /** By which ECS knows the request again. */
  readonly clientToken: string;
};

export interface RunTaskOptions {
  /** What is done, as the start of a sentence: `Cannot start a container of report:1`. */
  readonly action: string;
  readonly clock: Clock;
  readonly io: Pick<TaskIo, "log" | "signal">;
}

/** How often ECS is asked again what became of a request; with pauses of 1, 2, 4, 8 and 16 s. */
const MAX_REPEATS = 5;
const FIRST_PAUSE_MS = 1_000;
const NOT_STARTED = "CAPACITY_UNAVAILABLE";

/**
 * Starts one task.
 *
 * After an answer that never came the task may run all the same. The very same request is then sent again: to a client
 * token that it knows, ECS answers with the task of the first request (for 24 hours). So it is even when the attempt is to
 * stop meanwhile, once: a task whose id is known can be stopped for certain, before its container has begun.
 *
 * @see https://docs.aws.amazon.com/AmazonECS/latest/APIReference/ECS_Idempotency.html
 * @returns the task's id
 * @throws {Failure} `OUTCOME_UNKNOWN` when it is in doubt still
 */
export async function runTask(
  client: ECSClient,
  input: RunTaskRequest,
  { action, clock, io }: RunTaskOptions,
): Promise<string> {
  let doubt: Failure | undefined;
  for (let repeat = 0, pauseMs = FIRST_PAUSE_MS; ; repeat += 1, pauseMs *= 2) {
    const isLast = repeat >= MAX_REPEATS || io.signal.aborted;
    const answer = await ask(client, input, action);
    if (typeof answer === "string") return answer;
    // A refusal of the repeated request says nothing of the first one.
    if (answer.name === "OUTCOME_UNKNOWN") doubt ??= answer;
    if (doubt === undefined || answer.name === NOT_STARTED) throw answer;
    if (isLast) throw doubt;
    if (repeat === 0) io.log("system", "ECS did not say whether it has started the container: asking again");
    await clock.sleep(pauseMs, io.signal);
  }
}

async function ask(client: ECSClient, input: RunTaskRequest, action: string): Promise<string | Failure> {
  try {
    const { tasks: [started] = [], failures: [failure] = [] } = await client.send(new RunTaskCommand(input));
    if (started !== undefined) return taskIdOf(started.taskArn);
    const { reason = "no reason given", detail } = failure ?? {};
    const words = `${action}: ${reason}`;
    return new Failure(NOT_STARTED, detail === undefined ? words : `${words}, ${detail}`);
  } catch (error) {
    // The token belongs to a request that differs a little, such as in the revision of the task definition.
    const [known] = error instanceof ConflictException ? (error.resourceIds ?? []) : [];
    return known === undefined ? awsFailure(action, error) : taskIdOf(known);
  }
}
