import { z } from "zod";
import { taskIdOf } from "../adapters/aws/ecs-tasks.ts";
import type { Clock } from "../core/ports/clock.ts";

export interface OwnEcsTask {
  readonly id: string;
  /** Its definition, as `family:revision`. */
  readonly taskDefinition: string;
}

const REQUEST_TIMEOUT_MS = 2_000;
const REST_MS = 500;
const MAX_ATTEMPTS = 5;

const schema = z.object({ TaskARN: z.string().min(1), Family: z.string().min(1), Revision: z.string().min(1) });

/**
 * The ECS task that this process runs in, as the metadata endpoint of its container tells it.
 *
 * @see https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-metadata-endpoint-v4-fargate.html
 * @throws {Error} when it does not answer, several times in a row
 */
export async function ownEcsTask(metadataUri: string, clock: Clock): Promise<OwnEcsTask> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await askFor(`${metadataUri}/task`);
    } catch (cause) {
      if (attempt >= MAX_ATTEMPTS) throw new Error(`Cannot learn of the own task from ${metadataUri}`, { cause });
    }
    await clock.sleep(REST_MS);
  }
}

async function askFor(url: string): Promise<OwnEcsTask> {
  const reply = await fetch(url, { signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS) });
  if (!reply.ok) throw new Error(`The answer is ${reply.status}`);
  const { TaskARN, Family, Revision } = schema.parse(await reply.json());
  return { id: taskIdOf(TaskARN), taskDefinition: `${Family}:${Revision}` };
}
