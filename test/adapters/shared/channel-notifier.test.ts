import { createHmac } from "node:crypto";
import { describe, expect, it } from "vitest";
import { ChannelNotifier } from "../../../adapters/shared/channel-notifier.ts";
import { ConsoleNotifier } from "../../../adapters/shared/console-notifier.ts";
import { WebhookNotifier, type PostWebhook } from "../../../adapters/shared/webhook-notifier.ts";
import type { Alert } from "../../../core/ports/notifier.ts";
import { notifierConformance } from "../../conformance/notifier-conformance.ts";
import { ManualClock } from "../../support/manual-clock.ts";

const alert: Alert = {
  id: "al-1",
  atMs: Date.UTC(2026, 2, 8, 7, 30),
  namespace: "default",
  subject: "report failed",
  text: "3 of the last 5 runs failed\nsee the console",
};
const url = "https://hooks.example/alerts";

const channelTo = (path: string) => ({ kind: "webhook", url: `https://hooks.example${path}` }) as const;

notifierConformance("embedded", () => {
  const statuses: Record<string, number> = { "/takes": 204, "/busy": 503, "/refuses": 410 };
  const { notifier, requests } = setUp((_, target) =>
    Promise.resolve(new Response(null, { status: statuses[new URL(target).pathname] ?? 404 })),
  );
  return Promise.resolve({
    notifier,
    taking: channelTo("/takes"),
    busy: channelTo("/busy"),
    refusing: channelTo("/refuses"),
    // A busy one is asked several times; only what was taken has arrived.
    arrived: () =>
      requests.filter(({ url: at }) => at.endsWith("/takes")).map(({ headers }) => headers["webhook-id"] ?? ""),
  });
});

describe("a channel of a kind that the installation lacks", () => {
  it.each([
    { kind: "console" },
    { kind: "webhook", url },
    { kind: "topic", arn: "arn:aws:sns:eu-west-1:123456789012:alerts" },
    { kind: "sms", phoneNumber: "+14155550123" },
  ] as const)("gets nothing, and the reason names it: $kind", async (channel) => {
    expect(await new ChannelNotifier({}).notify(channel, alert)).toEqual({
      delivered: false,
      retryable: false,
      reason: `this installation has no channels of kind ${channel.kind}`,
    });
  });
});

describe("a console channel", () => {
  it("gets one line for each alert", async () => {
    const { notifier, lines } = setUp();

    expect(await notifier.notify({ kind: "console" }, alert)).toEqual({ delivered: true });
    expect(lines).toEqual([
      '2026-03-08T07:30:00.000Z alert al-1 [default] "report failed: 3 of the last 5 runs failed\\nsee the console"',
    ]);
  });
});

describe("a webhook channel", () => {
  it("gets the alert as JSON, with its id and the time of delivery", async () => {
    const { notifier, requests } = setUp();

    expect(await notifier.notify({ kind: "webhook", url }, alert)).toEqual({ delivered: true });

    const [request] = requests;
    expect(request?.url).toBe(url);
    expect(JSON.parse(request?.body ?? "")).toEqual({
      type: "alert",
      timestamp: "2026-03-08T07:30:00.000Z",
      data: { namespace: "default", subject: alert.subject, text: alert.text },
    });
    expect(request?.headers).toMatchObject({ "webhook-id": "al-1", "webhook-timestamp": "1767225600" });
    expect(request?.headers["webhook-signature"]).toBeUndefined();
    expect(request?.redirect).toBe("manual");
  });

  it.each(["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"])(
    "signs id, timestamp and body with the secret %s",
    async (secret) => {
      const { notifier, requests } = setUp();
      await notifier.notify({ kind: "webhook", url, secret }, alert);

      const [request] = requests;
      const key = Buffer.from("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "base64");
      const expected = createHmac("sha256", key).update(`al-1.1767225600.${request?.body}`).digest("base64");
      expect(request?.headers["webhook-signature"]).toBe(`v1,${expected}`);
    },
  );

  it.each<{ status: number; retryable: boolean }>([
    { status: 302, retryable: false },
    { status: 400, retryable: false },
    { status: 404, retryable: false },
    { status: 408, retryable: true },
    { status: 410, retryable: false },
    { status: 429, retryable: true },
    { status: 500, retryable: true },
    { status: 503, retryable: true },
  ])("that answers $status did not get it (worth a retry: $retryable)", async ({ status, retryable }) => {
    const { notifier } = setUp(() => Promise.resolve(new Response("no", { status })));

    const result = await notifier.notify({ kind: "webhook", url }, alert);

    expect(result).toMatchObject({
      delivered: false,
      retryable,
      reason: expect.stringContaining(`${status}`) as string,
    });
  });

  it("that cannot be reached may be tried again, and the reason is the network's", async () => {
    const cause = new Error("connect ECONNREFUSED 192.0.2.1:443");
    const { notifier } = setUp(() => Promise.reject(new TypeError("fetch failed", { cause })));

    expect(await notifier.notify({ kind: "webhook", url }, alert)).toEqual({
      delivered: false,
      retryable: true,
      reason: cause.message,
    });
  });

  it("that does not answer in time may be tried again", async () => {
    const { notifier } = setUp(
      (signal) => new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
    );

    expect(await notifier.notify({ kind: "webhook", url }, alert)).toMatchObject({ delivered: false, retryable: true });
  });

  it.each(["ftp://hooks.example", "file:///etc/passwd", "hooks.example", ""])("at %j is refused", async (target) => {
    const { notifier, requests } = setUp();

    expect(await notifier.notify({ kind: "webhook", url: target }, alert)).toMatchObject({
      delivered: false,
      retryable: false,
    });
    expect(requests).toEqual([]);
  });

  it.each(["whsec_", "whsec_not base64!"])(
    "with the secret %j is refused rather than left unsigned",
    async (secret) => {
      const { notifier, requests } = setUp();

      expect(await notifier.notify({ kind: "webhook", url, secret }, alert)).toMatchObject({
        delivered: false,
        retryable: false,
      });
      expect(requests).toEqual([]);
    },
  );
});

type Request = { readonly url: string } & Parameters<PostWebhook>[1];

function setUp(
  answer: (signal: AbortSignal, target: string) => Promise<Response> = () => Promise.resolve(new Response("ok")),
) {
  const lines: string[] = [];
  const requests: Request[] = [];
  const post: PostWebhook = (target, init) => {
    requests.push({ url: target, ...init });
    return answer(init.signal, target);
  };
  const notifier = new ChannelNotifier({
    console: new ConsoleNotifier((line) => lines.push(line)),
    webhook: new WebhookNotifier({ clock: new ManualClock(), fetch: post, timeoutMs: 20 }),
  });
  return { notifier, lines, requests };
}
