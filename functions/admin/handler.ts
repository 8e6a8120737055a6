import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { clientConfig } from "../../adapters/aws/clients.ts";
import { DynamoTable } from "../../adapters/aws/dynamo-table.ts";
import { SystemClock } from "../../adapters/shared/system-clock.ts";
import { SystemIds } from "../../adapters/shared/system-ids.ts";
import { correlationIdOf } from "../shared/correlation-id.ts";
import { openFunctionLog } from "../shared/function-log.ts";
import { readEnvironment } from "../shared/read-environment.ts";
import { tracing } from "../shared/tracing.ts";
import { wrapHandler } from "../shared/wrap-handler.ts";
import { adminHandler } from "./admin.ts";
import { adminVariables } from "./environment.ts";

const { table: tableName } = readEnvironment("admin", adminVariables, process.env);
const { log, logger } = openFunctionLog();
const table = new DynamoTable({ client: new DynamoDBClient(clientConfig()), tableName });
const core = { table, clock: new SystemClock(), ids: new SystemIds() };

export const handler = wrapHandler(adminHandler({ core, log }), {
  logger,
  correlationIdOf,
  outer: await tracing(),
});
