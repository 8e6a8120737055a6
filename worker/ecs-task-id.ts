import { taskIdOf } from "../adapters/aws/ecs-tasks.ts";
import type { Clock } from "../core/ports/clock.ts";

const REQUEST_TIMEOUT_MS = 2_000;
const REST_MS = 500;
const MAX_ATTEMPTS = 5;

/**
 * The id of the ECS task that this process runs in, as the metadata endpoint of its container tells it.
 *
 * @see https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-metadata-endpoint-v4-fargate.html
 * @throws {Error} when it does not answer, several times in a row
 */
export async function ecsTaskId(metadataUri: string, clock: Clock): Promise<string> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await askFor(`${metadataUri}/task`);
    } catch (cause) {
      if (attempt >= MAX_ATTEMPTS) throw new Error(`Cannot learn the task's id from ${metadataUri}`, { cause });
    }
    await clock.sleep(REST_MS);
  }
}

async function askFor(url: string): Promise<string> {
  const reply = await fetch(url, { signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS) });
  const task: unknown = await reply.json();
  const arn = typeof task === "object" && task !== null && "TaskARN" in task ? String(task.TaskARN) : "";
  if (!reply.ok || arn === "") throw new Error(`The answer ${reply.status} holds no TaskARN`);
  return taskIdOf(arn);
}
