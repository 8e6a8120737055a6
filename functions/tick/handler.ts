import { openAwsCore } from "../../adapters/aws/open-core.ts";
import { Pacer } from "../../core/services/pace.ts";
import { PoolSizer } from "../../core/services/pool-sizer.ts";
import { correlationIdOf } from "../shared/correlation-id.ts";
import { openFunctionLog } from "../shared/function-log.ts";
import { lazyFleet, lazyTimer } from "../shared/lazy-ports.ts";
import { readEnvironment } from "../shared/read-environment.ts";
import { tracing } from "../shared/tracing.ts";
import { wrapHandler } from "../shared/wrap-handler.ts";
import { tickVariables } from "./environment.ts";
import { tickHandler } from "./tick.ts";

const {
  table: tableName,
  queueUrlPrefix,
  knobs,
  pools,
  tickGroups,
  ...names
} = readEnvironment("tick", tickVariables, process.env);
const { log, logger } = openFunctionLog();
const { core, metrics } = openAwsCore({ tableName, queueUrlPrefix, knobs, ...names });
const { table, queue, clock } = core;
const fleet = lazyFleet(async () => (await import("../shared/open-fleet.ts")).openFleet(names).fleet);
const timer = lazyTimer(async () => (await import("../shared/open-timer.ts")).openTimer(names));
const sizer = new PoolSizer({ table, queue, fleet }, pools);
const pacer = new Pacer({ table, timer, clock });

export const handler = wrapHandler(tickHandler({ core, sizer, pacer, groups: tickGroups, log }), {
  logger,
  metrics,
  correlationIdOf,
  outer: await tracing(),
});
