import { openAwsCore } from "../../adapters/aws/open-core.ts";
import { PoolSizer } from "../../core/services/pool-sizer.ts";
import { correlationIdOf } from "../shared/correlation-id.ts";
import { openFunctionLog } from "../shared/function-log.ts";
import { lazyFleet, once } from "../shared/lazy-ports.ts";
import { readEnvironment } from "../shared/read-environment.ts";
import { tracing } from "../shared/tracing.ts";
import { wrapHandler } from "../shared/wrap-handler.ts";
import { settleVariables } from "./environment.ts";
import { settleHandler } from "./settle.ts";

const {
  table: tableName,
  queueUrlPrefix,
  knobs,
  pools,
  ...names
} = readEnvironment("settle", settleVariables, process.env);
const { log, logger } = openFunctionLog();
const { core, metrics } = openAwsCore({ tableName, queueUrlPrefix, knobs, ...names });
const { table, queue } = core;
const open = once(async () => (await import("../shared/open-fleet.ts")).openFleet(names));
const sizer = new PoolSizer({ table, queue, fleet: lazyFleet(async () => (await open()).fleet) }, pools);

export const handler = wrapHandler(
  settleHandler({ core, sizer, fatesOf: async (processes) => (await open()).fatesOf(processes), log }),
  { logger, metrics, correlationIdOf, outer: await tracing() },
);
