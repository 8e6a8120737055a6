import {
  DescribeTasksCommand,
  type ECSClient,
  ListTasksCommand,
  type ListTasksCommandInput,
  type Task,
} from "@aws-sdk/client-ecs";

/** What one DescribeTasks takes. */
const BATCH = 100;

export interface DescribeTasksOptions {
  readonly cluster: string;
  /** Ids or ARNs. */
  readonly tasks: readonly string[];
  /** Tags are told only on demand. @default false */
  readonly withTags?: boolean;
}

/**
 * ARNs of all tasks that a filter picks, page by page. ECS files a task under the status that it is to have: one that was
 * told to stop is among the stopped at once, which are listed for about an hour.
 *
 * @param filter.desiredStatus - `RUNNING` when left out. With `startedBy` it must be: ECS takes no other filter beside that
 */
export async function listTasks(
  client: ECSClient,
  filter: Pick<ListTasksCommandInput, "cluster" | "family" | "startedBy" | "desiredStatus">,
): Promise<readonly string[]> {
  const arns: string[] = [];
  let nextToken: string | undefined;
  do {
    const page = await client.send(new ListTasksCommand({ ...filter, ...(nextToken !== undefined && { nextToken }) }));
    arns.push(...(page.taskArns ?? []));
    nextToken = page.nextToken;
  } while (nextToken !== undefined);
  return arns;
}

/** Tasks by id, among those asked for that ECS knows. One that has stopped is known for about an hour more. */
export async function describeTasks(
  client: ECSClient,
  { cluster, tasks, withTags = false }: DescribeTasksOptions,
): Promise<ReadonlyMap<string, Task>> {
  const found = new Map<string, Task>();
  for (let start = 0; start < tasks.length; start += BATCH) {
    const reply = await client.send(
      new DescribeTasksCommand({
        cluster,
        tasks: tasks.slice(start, start + BATCH),
        ...(withTags && { include: ["TAGS"] }),
      }),
    );
    for (const task of reply.tasks ?? []) found.set(taskIdOf(task.taskArn), task);
  }
  return found;
}

/** The last part of a task's ARN: `arn:aws:ecs:eu-central-1:123456789012:task/carillon/1dc5c17a` → `1dc5c17a`. */
export function taskIdOf(arn: string | undefined): string {
  return arn?.slice(arn.lastIndexOf("/") + 1) ?? "";
}

/** Nothing of the task runs any more, though its network may still be taken apart. */
export function hasStopped({ lastStatus, containers = [] }: Task): boolean {
  if (lastStatus === "STOPPED") return true;
  return containers.length > 0 && containers.every((container) => container.lastStatus === "STOPPED");
}

/** Of the first container that tells one; `undefined` when none was started, or ECS does not know yet. */
export function exitCodeOf({ containers = [] }: Task): number | undefined {
  return containers.find(({ exitCode }) => exitCode !== undefined)?.exitCode;
}
