/** The Notifier port: delivers one alert to one channel. At-least-once: the alert id lets receivers drop repeats. */
export interface Notifier {
  notify(channel: Channel, alert: Alert): Promise<DeliveryResult>;
}

/**
 * Where an alert goes. A body of the product need not have all kinds: one that it lacks refuses, and says so.
 *
 * - `console`: the people who watch the process.
 * - `webhook`: a URL of http or https; the secret, base64 with or without `whsec_` in front, signs what is posted.
 * - `topic`: whoever has subscribed to a topic of SNS, by email above all; `arn` as in
 *   `arn:aws:sns:eu-west-1:123456789012:alerts`, by default the topic of the installation.
 * - `sms`: a phone number in the form of E.164: `+` and 2 to 15 digits, the country first.
 */
export type Channel =
  | { readonly kind: "console" }
  | { readonly kind: "webhook"; readonly url: string; readonly secret?: string }
  | { readonly kind: "topic"; readonly arn?: string }
  | { readonly kind: "sms"; readonly phoneNumber: string };

export interface Alert {
  readonly id: string;
  readonly atMs: number;
  readonly namespace: string;
  readonly subject: string;
  readonly text: string;
}

/** `retryable` says whether trying again may help. Failure to notify never fails a run. */
export type DeliveryResult =
  | { readonly delivered: true }
  | { readonly delivered: false; readonly retryable: boolean; readonly reason: string };
