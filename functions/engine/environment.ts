import type { EnvironmentOf } from "../shared/read-environment.ts";
import { CLUSTER, INSTALLATION, KNOBS, POOLS, QUEUE_URL_PREFIX, STATE_MACHINES, TABLE } from "../shared/variables.ts";

export const engineVariables = {
  table: TABLE,
  queueUrlPrefix: QUEUE_URL_PREFIX,
  cluster: CLUSTER,
  installation: INSTALLATION,
  pools: POOLS,
  knobs: KNOBS,
  stateMachines: STATE_MACHINES,
};
export type EngineEnvironment = EnvironmentOf<typeof engineVariables>;
