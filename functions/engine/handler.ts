import { openAwsCore } from "../../adapters/aws/open-core.ts";
import { PoolSizer } from "../../core/services/pool-sizer.ts";
import { correlationIdOf } from "../shared/correlation-id.ts";
import { openFunctionLog } from "../shared/function-log.ts";
import { lazyExecutions, lazyFleet } from "../shared/lazy-ports.ts";
import { readEnvironment } from "../shared/read-environment.ts";
import { tracing } from "../shared/tracing.ts";
import { wrapHandler } from "../shared/wrap-handler.ts";
import { engineHandler } from "./engine.ts";
import { engineVariables } from "./environment.ts";

const {
  table: tableName,
  queueUrlPrefix,
  knobs,
  pools,
  stateMachines,
  ...names
} = readEnvironment("engine", engineVariables, process.env);
const { log, logger } = openFunctionLog();
const executions =
  stateMachines &&
  lazyExecutions(async () => {
    const { openExecutions } = await import("../shared/open-executions.ts");
    return openExecutions(stateMachines, { queueUrlPrefix, ...names });
  });
const { core, metrics } = openAwsCore(
  { tableName, queueUrlPrefix, knobs, ...names },
  { onRung: (rung) => Promise.resolve(sizer.note(rung)), ...(executions && { executions }) },
);
const { table, queue } = core;
const fleet = lazyFleet(async () => (await import("../shared/open-fleet.ts")).openFleet(names).fleet);
const sizer = new PoolSizer({ table, queue, fleet }, pools);

export const handler = wrapHandler(engineHandler({ core, sizer, log }), {
  logger,
  metrics,
  correlationIdOf,
  outer: await tracing(),
});
