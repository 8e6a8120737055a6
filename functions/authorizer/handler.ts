import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { clientConfig } from "../../adapters/aws/clients.ts";
import { DynamoTable } from "../../adapters/aws/dynamo-table.ts";
import { SystemClock } from "../../adapters/shared/system-clock.ts";
import { Authenticator } from "../../api/access/authenticator.ts";
import { TokenStore } from "../../core/store/token-store.ts";
import { correlationIdOf } from "../shared/correlation-id.ts";
import { openFunctionLog } from "../shared/function-log.ts";
import { readEnvironment } from "../shared/read-environment.ts";
import { tracing } from "../shared/tracing.ts";
import { wrapHandler } from "../shared/wrap-handler.ts";
import { authorizerHandler } from "./authorizer.ts";
import { authorizerVariables } from "./environment.ts";

const { table: tableName } = readEnvironment("authorizer", authorizerVariables, process.env);
const { log, logger } = openFunctionLog();
const tokens = new TokenStore(new DynamoTable({ client: new DynamoDBClient(clientConfig()), tableName }));
// API Gateway remembers the answers: remembering tokens here too would let a revoked one live longer.
const authenticator = new Authenticator(tokens, new SystemClock(), { cacheMs: 0 });

export const handler = wrapHandler(authorizerHandler({ authenticator, log }), {
  logger,
  correlationIdOf,
  outer: await tracing(),
});
