import { DescribeServicesCommand, type ECSClient, type Service } from "@aws-sdk/client-ecs";
import type { Clock } from "../../core/ports/clock.ts";
import type { StopSignal } from "../../core/ports/queue.ts";
import { PortError } from "../../core/ports/errors.ts";
import { portError } from "./sdk-errors.ts";

export interface DeploymentWatchOptions {
  readonly client: ECSClient;
  /** Name or ARN. */
  readonly cluster: string;
  /** The service that this worker is a task of. */
  readonly service: string;
  /** Of this worker's own task, as `family:revision`. Without it, outside ECS, nothing is done. */
  readonly taskDefinition: string | undefined;
  readonly clock: Clock;
  /** Called once, when another task definition has taken this one's place. */
  readonly onReplaced: () => void;
  /** Told of each look that failed; the next one comes a period later. */
  readonly onError: (error: unknown) => void;
}

const LOOK_MS = 60_000;
/** In a row: a deployment that is taken back at once retires nobody. */
const LOOKS = 2;

/**
 * Tells a worker that its service is deployed anew, so that it retires by itself.
 *
 * A service doesn't stop a task that protects itself, and a task that takes runs on and on is always protected: on a busy
 * pool a deployment would never come to its end. It is not enough that there is another task definition: should its tasks
 * fail to start, the old ones go on. Either one of them runs, or the service has more tasks than it wants, in which case
 * it starts none before an old one is gone.
 */
export class DeploymentWatch {
  readonly #options: DeploymentWatchOptions;

  constructor(options: DeploymentWatchOptions) {
    this.#options = options;
  }

  /** Looks until `signal` is aborted or the worker has been told. Never rejects. */
  async keep(signal: StopSignal): Promise<void> {
    const { taskDefinition, clock, onReplaced, onError } = this.#options;
    if (taskDefinition === undefined) return;
    for (let seen = 0; seen < LOOKS;) {
      await clock.sleep(LOOK_MS, signal);
      if (signal.aborted) return;
      try {
        seen = isReplaced(await this.#look(), taskDefinition) ? seen + 1 : 0;
      } catch (error) {
        onError(error);
      }
    }
    if (!signal.aborted) onReplaced();
  }

  async #look(): Promise<Service> {
    const { client, cluster, service } = this.#options;
    const action = `Cannot read service "${service}" of cluster "${cluster}"`;
    const reply = await client
      .send(new DescribeServicesCommand({ cluster, services: [service] }))
      .catch((error: unknown) => {
        throw portError(action, error, { reading: true });
      });
    const [found] = reply.services ?? [];
    if (found === undefined) throw new PortError("UNAVAILABLE", `${action}: there is no such service`);
    return found;
  }
}

function isReplaced({ deployments = [], runningCount = 0, desiredCount = 0 }: Service, own: string): boolean {
  const primary = deployments.find(({ status }) => status === "PRIMARY");
  if (primary?.taskDefinition === undefined || nameOf(primary.taskDefinition) === own) return false;
  return (primary.runningCount ?? 0) > 0 || runningCount > desiredCount;
}

/** `arn:aws:ecs:eu-central-1:123456789012:task-definition/carillon-worker-default:7` → `carillon-worker-default:7`. */
function nameOf(arn: string): string {
  return arn.slice(arn.lastIndexOf("/") + 1);
}
