import type { EnvironmentOf } from "../shared/read-environment.ts";
import {
  ALLOW,
  CLUSTER,
  EXECUTORS,
  INSTALLATION,
  KNOBS,
  LOG_GROUP,
  POOLS,
  QUEUE_URL_PREFIX,
  TABLE,
  TICK_GROUPS,
  TIMER_GROUP,
  TIMER_SCHEDULE,
} from "../shared/variables.ts";

export const apiVariables = {
  table: TABLE,
  queueUrlPrefix: QUEUE_URL_PREFIX,
  logGroup: LOG_GROUP,
  cluster: CLUSTER,
  installation: INSTALLATION,
  pools: POOLS,
  timerGroup: TIMER_GROUP,
  timerSchedule: TIMER_SCHEDULE,
  knobs: KNOBS,
  allow: ALLOW,
  executors: EXECUTORS,
  tickGroups: TICK_GROUPS,
};
export type ApiEnvironment = EnvironmentOf<typeof apiVariables>;

/** Routes that need no token: API Gateway must let them pass without its authorizer. */
export const PUBLIC_PATHS = ["/healthz", "/readyz", "/v1/openapi.json"] as const;
