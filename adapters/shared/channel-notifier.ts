import type { Alert, Channel, DeliveryResult, Notifier } from "../../core/ports/notifier.ts";

/** Delivers alerts to channels of one kind. */
export interface KindNotifier<Kind extends Channel["kind"]> {
  deliver(alert: Alert, channel: Extract<Channel, { kind: Kind }>): DeliveryResult | Promise<DeliveryResult>;
}

/** What a body of the product has: a notifier for each kind of channel, or for some. */
export type KindNotifiers = { readonly [Kind in Channel["kind"]]?: KindNotifier<Kind> };

/** The Notifier port: gives each alert to the notifier of its channel's kind. */
export class ChannelNotifier implements Notifier {
  readonly #notifiers: KindNotifiers;

  constructor(notifiers: KindNotifiers) {
    this.#notifiers = notifiers;
  }

  async notify(channel: Channel, alert: Alert): Promise<DeliveryResult> {
    const result = this.#deliver(channel, alert);
    if (result !== undefined) return result;
    return { delivered: false, retryable: false, reason: `this installation has no channels of kind ${channel.kind}` };
  }

  #deliver(channel: Channel, alert: Alert): DeliveryResult | Promise<DeliveryResult> | undefined {
    switch (channel.kind) {
      case "console":
        return this.#notifiers.console?.deliver(alert, channel);
      case "webhook":
        return this.#notifiers.webhook?.deliver(alert, channel);
      case "topic":
        return this.#notifiers.topic?.deliver(alert, channel);
      case "sms":
        return this.#notifiers.sms?.deliver(alert, channel);
      default:
        return channel satisfies never;
    }
  }
}
