import type { SNSEvent } from "aws-lambda";
import type { Alert, DeliveryResult } from "../../core/ports/notifier.ts";
import type { FunctionLog } from "../shared/function-log.ts";
import type { Webhook } from "../shared/variables.ts";
import { readAlert } from "./read-alert.ts";
import type { Secrets } from "./secrets.ts";

export interface AlertsDeps {
  readonly webhooks: readonly Webhook[];
  readonly secrets: Secrets;
  readonly notifier: {
    deliver(alert: Alert, to: { readonly url: string; readonly secret?: string }): Promise<DeliveryResult>;
  };
  readonly log: FunctionLog;
}

/**
 * Posts each alert that reaches the topic to all webhooks.
 *
 * @throws {Error} when a delivery has failed, after all have been tried: Lambda repeats the event, then keeps it. Webhooks
 * that had it already get it again, with the same id.
 */
export function alertsHandler(deps: AlertsDeps) {
  return async ({ Records }: SNSEvent): Promise<void> => {
    const alerts = Records.map(({ Sns }) => readAlert(Sns));
    const deliveries = alerts.flatMap((alert) => deps.webhooks.map((webhook) => deliver(alert, webhook, deps)));
    const failed = (await Promise.all(deliveries)).filter((isDelivered) => !isDelivered).length;
    if (failed > 0) throw new Error(`Cannot deliver alerts: ${failed} of ${deliveries.length} deliveries failed`);
  };
}

/** Tells the log of what came of it; never with the whole address, which often is a secret itself. */
async function deliver(alert: Alert, webhook: Webhook, { notifier, secrets, log }: AlertsDeps): Promise<boolean> {
  const { url, secretParameter } = webhook;
  const fields = { alertId: alert.id, host: new URL(url).host, subject: alert.subject };
  try {
    const secret = secretParameter === undefined ? {} : { secret: await secrets.get(secretParameter) };
    const result = await notifier.deliver(alert, { url, ...secret });
    if (result.delivered) log.info("alert delivered", fields);
    else log.error("alert not delivered", new Error(result.reason), { ...fields, retryable: result.retryable });
    return result.delivered;
  } catch (error) {
    log.error("alert not delivered", error, fields);
    return false;
  }
}
