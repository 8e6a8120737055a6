import type { ECSClient } from "@aws-sdk/client-ecs";
import type { Fate, ProcessRef } from "../../core/worker/worker-record.ts";
import { describeTasks, hasStopped, taskIdOf } from "./ecs-tasks.ts";
import { portError } from "./sdk-errors.ts";

/** What sets names of ECS tasks apart from those of machines. */
export const ECS_SPACE = "ecs";

/** How a worker that is an ECS task names itself in its record. */
export function ecsProcess(taskId: string): ProcessRef {
  return { host: taskId, pid: 1, space: ECS_SPACE };
}

/**
 * Asks ECS once about the workers of a list, and answers for each what became of its process.
 *
 * `gone`: its task has stopped, or ECS does not know it any more. A task that runs says only that its container lives, not
 * that the worker in it makes progress: that is `unknown`, so that its silence decides. So is whatever is not on the list.
 *
 * @param options.taskIds - of workers that have told of themselves: a task that ECS has just been asked for may be missing
 * @throws {PortError}
 */
export async function readEcsFates(
  client: ECSClient,
  { cluster, taskIds }: { readonly cluster: string; readonly taskIds: readonly string[] },
): Promise<(process: ProcessRef) => Fate> {
  const asked = new Set(taskIds.map(taskIdOf));
  const tasks = await describeTasks(client, { cluster, tasks: [...asked] }).catch((error: unknown) => {
    throw portError(`Cannot describe the tasks of cluster "${cluster}"`, error, { reading: true });
  });
  return ({ host, space }) => {
    if (space !== ECS_SPACE || !asked.has(host)) return "unknown";
    const task = tasks.get(host);
    return task === undefined || hasStopped(task) ? "gone" : "unknown";
  };
}
