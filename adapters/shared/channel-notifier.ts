import type { Alert, Channel, DeliveryResult, Notifier } from "../../core/ports/notifier.ts";
import type { ConsoleNotifier } from "./console-notifier.ts";
import type { WebhookNotifier } from "./webhook-notifier.ts";

/** The Notifier port: gives each alert to the notifier of its channel's kind. */
export class ChannelNotifier implements Notifier {
  readonly #console: ConsoleNotifier;
  readonly #webhook: WebhookNotifier;

  constructor(notifiers: { readonly console: ConsoleNotifier; readonly webhook: WebhookNotifier }) {
    this.#console = notifiers.console;
    this.#webhook = notifiers.webhook;
  }

  async notify(channel: Channel, alert: Alert): Promise<DeliveryResult> {
    return channel.kind === "console" ? this.#console.deliver(alert) : this.#webhook.deliver(alert, channel);
  }
}
