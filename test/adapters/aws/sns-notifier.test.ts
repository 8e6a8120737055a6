import { SNSClient } from "@aws-sdk/client-sns";
import * as fc from "fast-check";
import { buildApp } from "fauxqs";
import { describe, expect, it, onTestFinished } from "vitest";
import { clientConfig } from "../../../adapters/aws/clients.ts";
import { findAlert } from "../../../adapters/aws/sns-message.ts";
import { SnsNotifier } from "../../../adapters/aws/sns-notifier.ts";
import { ChannelNotifier } from "../../../adapters/shared/channel-notifier.ts";
import type { Alert } from "../../../core/ports/notifier.ts";
import { notifierConformance } from "../../conformance/notifier-conformance.ts";

const TOPIC = "arn:aws:sns:us-east-1:000000000000:alerts";
const topic = { kind: "topic", arn: TOPIC } as const;
const sms = { kind: "sms", phoneNumber: "+14155550123" } as const;

const alert: Alert = {
  id: "al-1",
  atMs: Date.UTC(2026, 2, 8, 7, 30),
  namespace: "default",
  subject: "report failed",
  text: "3 of the last 5 runs failed\nsee the console",
};

notifierConformance("SNS", async () => {
  const busyTopic = `${TOPIC}-busy`;
  const { notifier, arrived } = await setUpTopic((request) =>
    request.get("TopicArn") === busyTopic ? { status: 429, code: "Throttled" } : undefined,
  );
  return {
    notifier,
    taking: topic,
    busy: { kind: "topic", arn: busyTopic },
    refusing: { kind: "topic", arn: `${TOPIC}-of-another` },
    arrived: () => arrived().map(({ MessageAttributes }) => findAlert(MessageAttributes.alert.Value)?.id ?? ""),
  };
});

describe("a topic channel", () => {
  it("gets a text for people, and the alert for programs", async () => {
    const { notifier, arrived } = await setUpTopic();
    await notifier.notify(topic, alert);

    const [message] = arrived();
    expect(message?.Subject).toBe("[default] report failed");
    expect(message?.Message).toBe(
      [
        "report failed",
        "3 of the last 5 runs failed\nsee the console",
        "Namespace: default\nAt: 2026-03-08T07:30:00.000Z\nAlert: al-1",
      ].join("\n\n"),
    );
    expect(message?.MessageAttributes.namespace.Value).toBe("default");
    expect(findAlert(message?.MessageAttributes.alert.Value ?? "")).toEqual(alert);
  });

  it("is the topic of the installation when it names none", async () => {
    const { notifier, arrived } = await setUpTopic();

    expect(await notifier.notify({ kind: "topic" }, alert)).toEqual({ delivered: true });
    expect(arrived()).toHaveLength(1);
  });

  it("that names none in an installation without a topic is refused", async () => {
    const { notifier, requests } = setUp(() => undefined);

    expect(await notifier.notify({ kind: "topic" }, alert)).toMatchObject({ delivered: false, retryable: false });
    expect(requests).toEqual([]);
  });

  it.each(["", "alerts", `${TOPIC}.fifo`, "arn:aws:sqs:us-east-1:000000000000:alerts"])(
    "with the ARN %j is refused without a request",
    async (arn) => {
      const { notifier, requests } = setUp(() => undefined);

      expect(await notifier.notify({ kind: "topic", arn }, alert)).toMatchObject({
        delivered: false,
        retryable: false,
        reason: expect.stringContaining(JSON.stringify(arn)) as string,
      });
      expect(requests).toEqual([]);
    },
  );

  it.each([
    { subject: "two\r\nlines\u0007", becomes: "[default] two lines" },
    { subject: "Bericht für \u{1f514}", becomes: "[default] Bericht f?r ?" },
    { subject: "x".repeat(200), becomes: `[default] ${"x".repeat(86)}...` },
  ])("gets a subject that mail systems take: $becomes", async ({ subject, becomes }) => {
    const { notifier, requests } = setUp(() => undefined);
    await notifier.notify(topic, { ...alert, subject });

    expect(requests[0]?.get("Subject")).toBe(becomes);
  });

  it("gets no more than SNS takes, whatever an alert says", async () => {
    const { notifier, requests } = setUp(() => undefined);
    const long = fc.string({ unit: "binary", maxLength: 30 }).map((text) => text.repeat(2_000));
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: "binary" }), long, async (subject, text) => {
        requests.length = 0;
        await notifier.notify(topic, { ...alert, subject, text });

        const [request] = requests;
        const attribute = request?.get("MessageAttributes.entry.1.Value.StringValue") ?? "";
        const message = request?.get("Message") ?? "";
        expect(request?.get("Subject")).toMatch(/^[\x21-\x7e][\x20-\x7e]{0,98}$/);
        expect(message).toMatch(/^[\t\n\r\x20-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]+$/u);
        expect(Buffer.byteLength(message) + Buffer.byteLength(attribute)).toBeLessThan(256 * 1_024 - 1_000);
        expect(findAlert(attribute)).toMatchObject({ id: alert.id, namespace: alert.namespace });
      }),
      { seed: 7, numRuns: 100 },
    );
  });

  it.each<{ code: string; status: number; retryable: boolean }>([
    { code: "Throttled", status: 429, retryable: true },
    { code: "ThrottlingException", status: 400, retryable: true },
    { code: "KMSThrottling", status: 400, retryable: true },
    { code: "InternalError", status: 500, retryable: true },
    { code: "ServiceUnavailable", status: 503, retryable: true },
    { code: "ExpiredToken", status: 403, retryable: true },
    { code: "InvalidParameter", status: 400, retryable: false },
    { code: "NotFound", status: 404, retryable: false },
    { code: "AuthorizationError", status: 403, retryable: false },
    { code: "KMSDisabled", status: 400, retryable: false },
    { code: "OptedOut", status: 400, retryable: false },
  ])("that SNS refuses with $code may be tried again: $retryable", async ({ code, status, retryable }) => {
    const { notifier } = setUp(() => ({ status, code }));

    expect(await notifier.notify(topic, alert)).toEqual({
      delivered: false,
      retryable,
      reason: expect.stringContaining(TOPIC) as string,
    });
  });

  it("that cannot be reached may be tried again", async () => {
    const { notifier } = setUp(() => {
      throw Object.assign(new Error("connect ECONNREFUSED 192.0.2.1:443"), { code: "ECONNREFUSED" });
    });

    expect(await notifier.notify(topic, alert)).toMatchObject({
      delivered: false,
      retryable: true,
      reason: expect.stringContaining("ECONNREFUSED") as string,
    });
  });
});

describe("an SMS channel", () => {
  it("gets one short message", async () => {
    const { notifier, requests } = setUp(() => undefined);

    expect(await notifier.notify(sms, alert)).toEqual({ delivered: true });
    expect(requests[0]?.get("PhoneNumber")).toBe("+14155550123");
    expect(requests[0]?.get("Message")).toBe(
      "Carillon default: report failed: 3 of the last 5 runs failed see the console",
    );
  });

  it.each([
    { text: "x".repeat(500), characters: 160 },
    { text: "\u6c49".repeat(500), characters: 70 },
  ])("is cut to $characters characters where more would cost a second message", async ({ text, characters }) => {
    const { notifier, requests } = setUp(() => undefined);
    await notifier.notify(sms, { ...alert, text });

    expect(requests[0]?.get("Message")).toHaveLength(characters);
    expect(requests[0]?.get("Message")).toMatch(/^Carillon default: report failed: .*\.\.\.$/);
  });

  it.each(["", "+", "14155550123", "+0123456", "+1 415 555 0123", "+1234567890123456"])(
    "with the number %j is refused without a request",
    async (phoneNumber) => {
      const { notifier, requests } = setUp(() => undefined);

      expect(await notifier.notify({ kind: "sms", phoneNumber }, alert)).toMatchObject({
        delivered: false,
        retryable: false,
      });
      expect(requests).toEqual([]);
    },
  );

  it("whose owner has opted out is not tried again", async () => {
    const { notifier } = setUp(() => ({ status: 400, code: "OptedOut" }));

    expect(await notifier.notify(sms, alert)).toMatchObject({ delivered: false, retryable: false });
  });
});

describe("findAlert()", () => {
  it.each(["", "{}", "null", "[]", "ALARM: lag", '{"id":1}', JSON.stringify({ ...alert, atMs: "now" })])(
    "finds none in %j",
    (text) => {
      expect(findAlert(text)).toBeUndefined();
    },
  );
});

/** `undefined` lets the request succeed. */
type Fault = { readonly status: number; readonly code: string } | undefined;
type Answer = { readonly statusCode: number; readonly payload: string };

/** An SNS that takes everything, or fails as it is told. */
function setUp(
  faultOf: (request: URLSearchParams) => Fault,
  take: (body: string) => Promise<Answer> = () => Promise.resolve(PUBLISHED),
) {
  const requests: URLSearchParams[] = [];
  const handle = async ({ body }: { readonly body: string | Uint8Array }) => {
    const text = typeof body === "string" ? body : new TextDecoder().decode(body);
    const request = new URLSearchParams(text);
    requests.push(request);
    const fault = faultOf(request);
    const { statusCode, payload } = fault === undefined ? await take(text) : answerOf(fault);
    const headers = { "content-type": "text/xml" };
    return { response: { statusCode, headers, body: new TextEncoder().encode(payload) } };
  };
  const client = new SNSClient({
    ...clientConfig({ requestHandler: { handle }, maxAttempts: 1 }),
    region: "us-east-1",
    credentials: { accessKeyId: "test", secretAccessKey: "test" },
  });
  const sns = new SnsNotifier({ client });
  return { client, notifier: new ChannelNotifier({ topic: sns, sms: sns }), requests };
}

interface Notification {
  readonly Subject: string;
  readonly Message: string;
  readonly MessageAttributes: Readonly<Record<"alert" | "namespace", { readonly Value: string }>>;
}

/** An emulator of SNS with one topic, to which one queue has subscribed. */
async function setUpTopic(faultOf: (request: URLSearchParams) => Fault = () => undefined) {
  const messages: string[] = [];
  const app = buildApp({ logger: false, defaultRegion: "us-east-1" });
  onTestFinished(() => app.close());
  const ask = (headers: Record<string, string>, payload: string) =>
    app.inject({ method: "POST", url: "/", headers, payload });
  const askSqs = async (operation: string, input: object) => {
    const headers = { "content-type": "application/x-amz-json-1.0", "x-amz-target": `AmazonSQS.${operation}` };
    return (await ask(headers, JSON.stringify(input))).json<Record<string, unknown>>();
  };
  const askSns = (body: string) => ask({ "content-type": "application/x-www-form-urlencoded" }, body);
  const { QueueUrl } = await askSqs("CreateQueue", { QueueName: "subscriber" });
  await askSns("Action=CreateTopic&Name=alerts&Version=2010-03-31");
  const subscription = { TopicArn: TOPIC, Protocol: "sqs", Endpoint: "arn:aws:sqs:us-east-1:000000000000:subscriber" };
  await askSns(new URLSearchParams({ Action: "Subscribe", Version: "2010-03-31", ...subscription }).toString());

  const { client } = setUp(faultOf, async (body) => {
    const answer = await askSns(body);
    const { Messages = [] } = (await askSqs("ReceiveMessage", { QueueUrl, MaxNumberOfMessages: 10 })) as {
      Messages?: readonly { readonly Body: string }[];
    };
    messages.push(...Messages.map(({ Body }) => Body));
    return answer;
  });
  const sns = new SnsNotifier({ client, topicArn: TOPIC });
  return {
    notifier: new ChannelNotifier({ topic: sns, sms: sns }),
    arrived: () => messages.map((message) => JSON.parse(message) as Notification),
  };
}

const PUBLISHED: Answer = {
  statusCode: 200,
  payload:
    '<PublishResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><PublishResult><MessageId>1</MessageId></PublishResult></PublishResponse>',
};

function answerOf({ status, code }: { readonly status: number; readonly code: string }): Answer {
  const type = status < 500 ? "Sender" : "Receiver";
  const error = `<Error><Type>${type}</Type><Code>${code}</Code><Message>refused</Message></Error>`;
  return {
    statusCode: status,
    payload: `<ErrorResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/">${error}</ErrorResponse>`,
  };
}
