import { SystemClock } from "../../adapters/shared/system-clock.ts";
import { WebhookNotifier } from "../../adapters/shared/webhook-notifier.ts";
import { correlationIdOf } from "../shared/correlation-id.ts";
import { openFunctionLog } from "../shared/function-log.ts";
import { readEnvironment } from "../shared/read-environment.ts";
import { tracing } from "../shared/tracing.ts";
import { wrapHandler } from "../shared/wrap-handler.ts";
import { alertsHandler } from "./alerts.ts";
import { alertsVariables } from "./environment.ts";
import { CachedSecrets } from "./secrets.ts";

const { webhooks } = readEnvironment("alerts", alertsVariables, process.env);
const { log, logger } = openFunctionLog();
// Loaded when a webhook has a secret: not all have one.
const secrets = new CachedSecrets(async (name) => (await import("./read-parameter.ts")).readParameter(name));
const notifier = new WebhookNotifier({ clock: new SystemClock() });

export const handler = wrapHandler(alertsHandler({ webhooks, secrets, notifier, log }), {
  logger,
  correlationIdOf,
  outer: await tracing(),
});
