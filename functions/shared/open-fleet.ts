import { ECSClient } from "@aws-sdk/client-ecs";
import { clientConfig } from "../../adapters/aws/clients.ts";
import { ECS_SPACE, readEcsFates } from "../../adapters/aws/ecs-fates.ts";
import { EcsFleet, type EcsFleetOptions } from "../../adapters/aws/ecs-fleet.ts";
import type { Fate, ProcessRef } from "../../core/worker/worker-record.ts";

/** The fleet, and what is known of the processes of its workers, over one client. */
export interface OpenFleet {
  readonly fleet: EcsFleet;
  readonly fatesOf: (processes: readonly ProcessRef[]) => Promise<(process: ProcessRef) => Fate>;
}

export function openFleet({ cluster, installation }: Pick<EcsFleetOptions, "cluster" | "installation">): OpenFleet {
  const client = new ECSClient(clientConfig());
  return {
    fleet: new EcsFleet({ client, cluster, installation }),
    fatesOf: (processes) => {
      const tasks = processes.filter(({ space }) => space === ECS_SPACE);
      return readEcsFates(client, { cluster, taskIds: tasks.map(({ host }) => host) });
    },
  };
}
