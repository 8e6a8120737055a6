import { openAwsCore } from "../../adapters/aws/open-core.ts";
import { createApi } from "../../api/app.ts";
import { COLLECTED } from "../../api/routes/follow-log.ts";
import { Pacer } from "../../core/services/pace.ts";
import { PoolSizer } from "../../core/services/pool-sizer.ts";
import { wakeHooks } from "../../core/services/wake.ts";
import { allowedTargets } from "../../adapters/http-rules/allowed-targets.ts";
import { checkHeaders } from "../../adapters/http-rules/header-rules.ts";
import { checkUrl } from "../../adapters/http-rules/target-guard.ts";
import { correlationIdOf } from "../shared/correlation-id.ts";
import { openFunctionLog } from "../shared/function-log.ts";
import { lazyFleet, lazyRunLogs, lazyTimer } from "../shared/lazy-ports.ts";
import { readEnvironment } from "../shared/read-environment.ts";
import { tracing } from "../shared/tracing.ts";
import { wrapHandler } from "../shared/wrap-handler.ts";
import { apiHandler } from "./api.ts";
import { apiVariables } from "./environment.ts";
import { authenticatedByGateway, gatewayAddress } from "./gateway.ts";
import { tickHealth } from "./tick-health.ts";

/** Least time between two slots: messages are delayed by whole seconds. */
const MIN_INTERVAL_MS = 1_000;

const {
  table: tableName,
  pools,
  allow,
  executors,
  tickGroups,
  ...environment
} = readEnvironment("api", apiVariables, process.env);
const { log, logger } = openFunctionLog();
const { core, metrics } = openAwsCore(
  { ...environment, tableName },
  { onRung: (rung) => wake.onRung(rung), onArmed: (visitAtMs) => wake.onArmed(visitAtMs) },
);
const { table, queue, clock } = core;
const fleet = lazyFleet(async () => (await import("../shared/open-fleet.ts")).openFleet(environment).fleet);
const logs = lazyRunLogs(async () => (await import("../shared/open-run-logs.ts")).openRunLogs(environment.logGroup));
const timer = lazyTimer(async () => (await import("../shared/open-timer.ts")).openTimer(environment));
const pacer = new Pacer({ table, timer, clock });
const wake = wakeHooks({
  sizer: new PoolSizer({ table, queue, fleet }, pools),
  pacer,
  onError: (error) => log.error("wake failed", error),
});
const allowed = allowedTargets(allow);

const app = createApi({
  core,
  logs,
  limits: {
    minIntervalMs: MIN_INTERVAL_MS,
    pools: Object.keys(pools),
    // What no worker executes, the engine carries.
    executors: [...executors, "workflow"],
    targetProblem: (url, namespace) => checkUrl(url, allowed(namespace))?.rule,
    headerProblem: checkHeaders,
  },
  authenticate: authenticatedByGateway(clock),
  following: COLLECTED,
  pacer,
  health: () => tickHealth(core, { groups: tickGroups, pacer }),
  logger: (event) =>
    event.event === "request" ? log.info("request", event) : log.error(event.event, event.error, event),
  clientAddress: gatewayAddress,
});

export const handler = wrapHandler(apiHandler(app), { logger, metrics, correlationIdOf, outer: await tracing() });
