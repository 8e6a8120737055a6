import type { EnvironmentOf } from "../shared/read-environment.ts";
import {
  CLUSTER,
  INSTALLATION,
  KNOBS,
  POOLS,
  QUEUE_URL_PREFIX,
  TABLE,
  TICK_GROUPS,
  TIMER_GROUP,
  TIMER_SCHEDULE,
} from "../shared/variables.ts";

export const tickVariables = {
  table: TABLE,
  queueUrlPrefix: QUEUE_URL_PREFIX,
  cluster: CLUSTER,
  installation: INSTALLATION,
  pools: POOLS,
  timerGroup: TIMER_GROUP,
  timerSchedule: TIMER_SCHEDULE,
  knobs: KNOBS,
  tickGroups: TICK_GROUPS,
};
export type TickEnvironment = EnvironmentOf<typeof tickVariables>;
