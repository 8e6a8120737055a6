import { createHmac } from "node:crypto";
import type { Clock } from "../../core/ports/clock.ts";
import type { Alert, DeliveryResult } from "../../core/ports/notifier.ts";

export interface WebhookNotifierOptions {
  readonly clock: Clock;
  /** Whoever forbids targets does it here. @default the platform's */
  readonly fetch?: PostWebhook;
  /** @default 10,000 */
  readonly timeoutMs?: number;
}

/** The part of `fetch` that is used. */
export type PostWebhook = (
  url: string,
  init: {
    readonly method: "POST";
    readonly headers: Record<string, string>;
    readonly body: string;
    readonly redirect: "manual";
    readonly signal: AbortSignal;
  },
) => Promise<Response>;

/**
 * Posts each alert to a URL, in the form of Standard Webhooks: `{ type, timestamp, data }` with the headers `webhook-id`
 * (the alert's, so that receivers can drop repeats), `webhook-timestamp` (seconds, of this delivery) and, if there is a
 * secret, `webhook-signature`. Follows no redirects: they would lead the request to a target that nobody has checked.
 *
 * @see https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
export class WebhookNotifier {
  readonly #clock: Clock;
  readonly #fetch: PostWebhook;
  readonly #timeoutMs: number;

  constructor({ clock, fetch: fetchUrl = fetch, timeoutMs = 10_000 }: WebhookNotifierOptions) {
    this.#clock = clock;
    this.#fetch = fetchUrl;
    this.#timeoutMs = timeoutMs;
  }

  async deliver(
    alert: Alert,
    { url, secret }: { readonly url: string; readonly secret?: string },
  ): Promise<DeliveryResult> {
    if (!/^https?:$/.test(protocolOf(url))) return failed("the URL is not one of http or https", { retryable: false });
    const key = secret === undefined ? undefined : keyOf(secret);
    if (key?.length === 0) return failed("the secret is not base64", { retryable: false });
    try {
      const response = await this.#post(url, alert, key);
      await response.body?.cancel();
      return resultOf(response.status);
    } catch (error) {
      return failed(reasonOf(error), { retryable: true });
    }
  }

  #post(url: string, alert: Alert, key: Buffer | undefined): Promise<Response> {
    const timestamp = String(Math.floor(this.#clock.nowMs() / 1_000));
    const body = bodyOf(alert);
    return this.#fetch(url, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        "user-agent": "carillon",
        "webhook-id": alert.id,
        "webhook-timestamp": timestamp,
        ...(key === undefined ? {} : { "webhook-signature": signature(key, `${alert.id}.${timestamp}.${body}`) }),
      },
      body,
      redirect: "manual",
      signal: AbortSignal.timeout(this.#timeoutMs),
    });
  }
}

function bodyOf({ atMs, namespace, subject, text }: Alert): string {
  return JSON.stringify({ type: "alert", timestamp: new Date(atMs).toISOString(), data: { namespace, subject, text } });
}

function signature(key: Buffer, content: string): string {
  return `v1,${createHmac("sha256", key).update(content).digest("base64")}`;
}

/** The bytes of a secret such as `whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw`; none when it is not base64. */
function keyOf(secret: string): Buffer {
  const text = secret.replace(/^whsec_/, "");
  return /^[A-Za-z0-9+/]+={0,2}$/.test(text) ? Buffer.from(text, "base64") : Buffer.alloc(0);
}

function resultOf(status: number): DeliveryResult {
  if (status >= 200 && status < 300) return { delivered: true };
  if (status >= 300 && status < 400)
    return failed(`the answer was a redirect (${status}), which is not followed`, { retryable: false });
  return failed(`the answer was ${status}`, { retryable: status >= 500 || RETRYABLE.has(status) });
}

/** Request timeout, too early, too many requests. */
const RETRYABLE: ReadonlySet<number> = new Set([408, 425, 429]);

function failed(reason: string, { retryable }: { retryable: boolean }): DeliveryResult {
  return { delivered: false, retryable, reason };
}

function protocolOf(url: string): string {
  return URL.canParse(url) ? new URL(url).protocol : "";
}

/** `fetch` hides what happened in the cause. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message : error.message;
}
