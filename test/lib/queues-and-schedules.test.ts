import { describe, expect, it } from "vitest";
import { sqsUrls } from "../../adapters/aws/sqs-names.ts";
import { PRIORITIES } from "../../core/job/priority.ts";
import { SAFETY_PERIOD_MS, STEADY_PERIOD_MS } from "../../core/ports/timer.ts";
import { ENGINE_QUEUE, queueName } from "../../core/run/message.ts";
import { PATIENT_RECEIVES } from "../../core/services/claim-run.ts";
import { A_POOL, synthesise } from "../support/aws/synthesise.ts";
import { type DeployedQueue, readTemplates, templatesOf } from "../support/aws/template.ts";

const assembly = synthesise({ pools: { default: A_POOL, "big-ones": A_POOL } });
const { queues, schedules, functions, permissions } = readTemplates(assembly);
const tick = functions.find((each) => each.function === "tick");

function retentionOf(queue?: Pick<DeployedQueue, "attributes">): number {
  return Number(queue?.attributes["MessageRetentionPeriod"]);
}

describe("the queues", () => {
  it.each(["default", "big-ones"])("of pool %s are those whose addresses the adapter derives", (pool) => {
    const prefix = tick?.environment["CARILLON_QUEUE_URL_PREFIX"] ?? "";
    const urls = queues.map(({ url }) => url);
    for (const priority of PRIORITIES) {
      const derived = sqsUrls(prefix, queueName(pool, priority));
      expect(urls).toContain(derived.url);
      expect(urls).toContain(derived.deadUrl);
    }
  });

  it("of the engine is the one that it rings itself in", () => {
    const names = queues.map(({ name }) => name).filter((name) => name.startsWith("carillon-engine-"));
    expect(names.toSorted()).toEqual(["carillon-engine-normal", "carillon-engine-normal-dead"]);
    const { url } = sqsUrls(tick?.environment["CARILLON_QUEUE_URL_PREFIX"] ?? "", ENGINE_QUEUE);
    expect(queues.map((queue) => queue.url)).toContain(url);
  });

  it("move what is received too often to their own dead letters, which outlive them and take from nobody else", () => {
    const live = queues.filter(({ attributes }) => attributes["RedrivePolicy"] !== undefined);
    expect(live).toHaveLength(9);
    for (const { name, attributes } of live) {
      const policy = JSON.parse(attributes["RedrivePolicy"] ?? "") as {
        deadLetterTargetArn: string;
        maxReceiveCount: number;
      };
      expect(policy.deadLetterTargetArn).toMatch(new RegExp(`:${name}-dead$`));
      expect(policy.maxReceiveCount).toBeGreaterThan(PATIENT_RECEIVES * 2);
      const dead = queues.find((queue) => queue.name === `${name}-dead`);
      expect(retentionOf(dead)).toBeGreaterThan(retentionOf({ attributes }));
    }
    const resources = templatesOf(assembly).resources("AWS::SQS::Queue");
    for (const { properties } of resources.filter(({ properties }) =>
      String(properties["QueueName"]).endsWith("-dead"),
    )) {
      expect(properties["RedriveAllowPolicy"]).toMatchObject({
        redrivePermission: "byQueue",
        sourceQueueArns: [expect.any(String)],
      });
    }
  });

  it("are encrypted without a key that is billed, and refuse requests that are not", () => {
    const resources = templatesOf(assembly);
    for (const { properties } of resources.resources("AWS::SQS::Queue")) {
      expect(properties["SqsManagedSseEnabled"]).toBe(true);
      expect(properties).not.toHaveProperty("KmsMasterKeyId");
    }
    const policies = resources.resources("AWS::SQS::QueuePolicy");
    expect(policies).toHaveLength(queues.length);
    for (const { properties } of policies)
      expect(JSON.stringify(properties)).toContain('"aws:SecureTransport":"false"');
  });
});

describe("the schedules", () => {
  it("wake tick and sweeper at the paces that the engine reckons with", () => {
    const settle = functions.find((each) => each.function === "settle");
    expect(
      schedules.map(({ name, periodMs, targetArn, isEnabled }) => ({ name, periodMs, targetArn, isEnabled })),
    ).toEqual([
      { name: "carillon-tick", periodMs: STEADY_PERIOD_MS, targetArn: tick?.arn, isEnabled: true },
      { name: "carillon-tick-safety", periodMs: SAFETY_PERIOD_MS, targetArn: tick?.arn, isEnabled: true },
      { name: "carillon-settle", periodMs: STEADY_PERIOD_MS, targetArn: settle?.arn, isEnabled: true },
    ]);
  });

  it("of several groups wake a tick for each share of the shards, the first under the name that it always had", () => {
    const several = readTemplates(synthesise({ scheduler: { groups: 2, memoryMb: 1_769 } }));
    const inputs = several.schedules.map(({ name, input }) => [name, JSON.parse(input) as unknown]);
    const scheduledAt = "<aws.scheduler.scheduled-time>";
    expect(Object.fromEntries(inputs)).toEqual({
      "carillon-tick": { scheduledAt, group: { index: 0, count: 2 } },
      "carillon-tick-safety": { scheduledAt, group: { index: 0, count: 2 } },
      "carillon-tick-1": { scheduledAt, group: { index: 1, count: 2 } },
      "carillon-tick-1-safety": { scheduledAt, group: { index: 1, count: 2 } },
      "carillon-settle": { scheduledAt },
    });
    expect(several.functions.find((each) => each.function === "tick")?.memoryMb).toBe(1_769);
  });

  it("are found by the tick under the names that it is given", () => {
    const { CARILLON_TIMER_GROUP: group, CARILLON_TIMER_SCHEDULE: minute } = tick?.environment ?? {};
    const names = schedules.filter((each) => each.group === group).map(({ name }) => name);
    expect(names).toContain(minute);
    expect(names).toContain(`${minute}-safety`);
  });

  it("tell the instant, and keep what could not be delivered", () => {
    for (const { input, deadLetterArn, retries } of schedules) {
      expect(JSON.parse(input)).toEqual({ scheduledAt: "<aws.scheduler.scheduled-time>" });
      expect(deadLetterArn).toContain("WakeUpsUndelivered");
      expect(retries).toBeLessThanOrEqual(1);
    }
  });

  it("act in a role that may wake these functions, keep what failed, and do nothing else", () => {
    const roles = new Set(schedules.map(({ roleArn }) => roleArn));
    expect(roles.size).toBe(1);
    const statements = [...roles].flatMap((role) => permissions.get(role) ?? []);
    expect(statements.map(({ actions }) => actions)).toEqual([["lambda:InvokeFunction"], ["sqs:SendMessage"]]);
    for (const { targetArn } of schedules) expect(statements[0]?.resources).toContain(targetArn);
  });
});
