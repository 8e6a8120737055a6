/** The Notifier port: delivers one alert to one channel. At-least-once: the alert id lets receivers drop repeats. */
export interface Notifier {
  notify(channel: Channel, alert: Alert): Promise<DeliveryResult>;
}

export type Channel =
  | { readonly kind: "console" }
  | { readonly kind: "webhook"; readonly url: string; readonly secret?: string };

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
