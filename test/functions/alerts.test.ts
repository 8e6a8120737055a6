import { createHmac } from "node:crypto";
import { describe, expect, it } from "vitest";
import { topicMessage } from "../../adapters/aws/sns-message.ts";
import { type PostWebhook, WebhookNotifier } from "../../adapters/shared/webhook-notifier.ts";
import type { Alert } from "../../core/ports/notifier.ts";
import { alertsHandler } from "../../functions/alerts/alerts.ts";
import { readAlert } from "../../functions/alerts/read-alert.ts";
import { CachedSecrets } from "../../functions/alerts/secrets.ts";
import type { Webhook } from "../../functions/shared/variables.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { MemoryLog, snsEvent } from "./lambda.ts";

const ALERT = {
  id: "al-1",
  atMs: 1_795_359_600_000,
  namespace: "default",
  subject: "report failed",
  text: "exit code 2",
};
const KEY = Buffer.from("a key of the test's own");
const SECRET = `whsec_${KEY.toString("base64")}`;

/** As CloudWatch publishes it. */
const ALARM = {
  AlarmName: "carillon-scheduler-lag",
  AlarmDescription: "Slots are dispatched late. Runbook: scheduler-lag",
  AWSAccountId: "123456789012",
  NewStateValue: "ALARM",
  NewStateReason: "Threshold Crossed: 1 datapoint was greater than the threshold (60000.0).",
  StateChangeTime: "2026-11-22T14:59:58.123+0000",
  Region: "EU (Ireland)",
  OldStateValue: "OK",
  Trigger: { MetricName: "scheduler_lag_ms", Namespace: "Carillon", Period: 60 },
};

interface Post {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

function openAlerts(webhooks: readonly Webhook[], answer: (url: string) => number = () => 200) {
  const posts: Post[] = [];
  const post: PostWebhook = (url, { headers, body }) => {
    posts.push({ url, headers, body });
    return Promise.resolve(new Response(null, { status: answer(url) }));
  };
  const reads: string[] = [];
  const secrets = new CachedSecrets((name) => {
    reads.push(name);
    return name === "/missing" ? Promise.reject(new Error("there is none")) : Promise.resolve(SECRET);
  });
  const notifier = new WebhookNotifier({ clock: new ManualClock(ALERT.atMs), fetch: post });
  const log = new MemoryLog();
  return { posts, reads, log, handler: alertsHandler({ webhooks, secrets, notifier, log }) };
}

function ownAlert() {
  const { Subject = "", Message = "" } = topicMessage(ALERT);
  return snsEvent({ subject: Subject, text: Message, alert: JSON.stringify(ALERT) });
}

describe("the alerts function", () => {
  it("posts an alert to all webhooks, signed where there is a secret", async () => {
    const { posts, reads, handler } = openAlerts([
      { url: "https://one.example.com/hook" },
      { url: "https://two.example.com/hook", secretParameter: "/carillon/hook" },
    ]);

    await handler(ownAlert());

    const [plain, signed] = posts;
    expect(posts.map(({ headers }) => headers["webhook-id"])).toEqual(["al-1", "al-1"]);
    expect(JSON.parse(plain?.body ?? "")).toMatchObject({ data: { namespace: "default", subject: "report failed" } });
    expect(plain?.headers).not.toHaveProperty("webhook-signature");
    const { "webhook-timestamp": timestamp, "webhook-signature": signature } = signed?.headers ?? {};
    const content = `al-1.${timestamp}.${signed?.body}`;
    expect(signature).toBe(`v1,${createHmac("sha256", KEY).update(content).digest("base64")}`);
    expect(reads).toEqual(["/carillon/hook"]);
  });

  it("reads a secret once per container, and again after it could not be read", async () => {
    const known = openAlerts([{ url: "https://one.example.com", secretParameter: "/carillon/hook" }]);
    await known.handler(ownAlert());
    await known.handler(ownAlert());
    expect(known.reads).toHaveLength(1);

    const missing = openAlerts([{ url: "https://one.example.com", secretParameter: "/missing" }]);
    await expect(missing.handler(ownAlert())).rejects.toThrow("1 of 1 deliveries failed");
    await expect(missing.handler(ownAlert())).rejects.toThrow("1 of 1 deliveries failed");
    expect([missing.reads.length, missing.posts.length]).toEqual([2, 0]);
  });

  it.each([500, 400, 302])("fails after it has tried all when one answers %i", async (status) => {
    const { posts, log, handler } = openAlerts(
      [{ url: "https://bad.example.com/T0K3N" }, { url: "https://good.example.com" }],
      (url) => (url.includes("bad") ? status : 204),
    );

    await expect(handler(ownAlert())).rejects.toThrow("Cannot deliver alerts: 1 of 2 deliveries failed");

    expect(posts).toHaveLength(2);
    expect(log.lines.map(({ event }) => event).toSorted()).toEqual(["alert delivered", "alert not delivered"]);
    expect(log.text).not.toContain("T0K3N");
  });

  it("gives the same event the same id again, so that receivers can drop it", async () => {
    const { posts, handler } = openAlerts([{ url: "https://one.example.com" }]);
    const event = snsEvent({ subject: "ALARM", text: JSON.stringify(ALARM) });

    await handler(event);
    await handler(event);

    expect(new Set(posts.map(({ headers }) => headers["webhook-id"])).size).toBe(1);
  });

  it("has nothing to do without webhooks", async () => {
    const { handler, posts } = openAlerts([]);

    await handler(ownAlert());

    expect(posts).toEqual([]);
  });
});

function read(message: Parameters<typeof snsEvent>[0]): Alert {
  const [record] = snsEvent(message).Records;
  if (record === undefined) throw new Error("Cannot read an event without a record");
  return readAlert(record.Sns);
}

describe("readAlert()", () => {
  it("finds an alert of Carillon's own, whole", () => {
    expect(read({ text: "for people", alert: JSON.stringify(ALERT) })).toEqual(ALERT);
  });

  it("tells an alarm of CloudWatch in words", () => {
    expect(read({ text: JSON.stringify(ALARM) })).toEqual({
      id: "95df01b4-ee98-5cb9-9903-4c221d41eb5e",
      atMs: Date.UTC(2026, 10, 22, 14, 59, 58, 123),
      namespace: "_platform",
      subject: "ALARM: carillon-scheduler-lag",
      text: `${ALARM.AlarmDescription}\n${ALARM.NewStateReason}`,
    });
  });

  it.each([
    ["a text", { subject: "AWS Budgets", text: "You have spent 20 USD" }],
    ["an alert that is none", { subject: "AWS Budgets", text: "You have spent 20 USD", alert: '{"id":7}' }],
  ])("passes on %s as it is", (_, message) => {
    expect(read(message)).toMatchObject({
      atMs: Date.UTC(2026, 10, 22, 15, 0, 1),
      namespace: "_platform",
      subject: "AWS Budgets",
      text: "You have spent 20 USD",
    });
  });

  it.each(["", "null", "[1]", '"x"', '{"AlarmName":1}'])("takes %j for a text without a subject", (text) => {
    expect(read({ text })).toMatchObject({ subject: "Notice", text });
  });
});
