import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { metricNamespace, PUBLISHED } from "../../adapters/aws/metric-names.ts";
import { RUNBOOK_SECTIONS } from "../../lib/alarms/platform-alarm.ts";
import { synthesise } from "../support/aws/synthesise.ts";
import { readTemplates, templatesOf } from "../support/aws/template.ts";

const assembly = synthesise({
  alarms: {
    email: "ana@example.com",
    smsNumbers: ["+441632960001"],
    webhooks: [{ url: "https://example.com/hook" }],
  },
});
const { topic } = readTemplates(assembly);
const templates = templatesOf(assembly);
const alarms = templates.resources("AWS::CloudWatch::Alarm").map(({ properties }) => properties);
const runbook = readFileSync(join(import.meta.dirname, "..", "..", "docs", "runbook.md"), "utf8");
const sections = [...runbook.matchAll(/^## (.+)$/gm)].map(([, title = ""]) => title.toLowerCase().replaceAll(" ", "-"));

describe("the alarms", () => {
  it("say what is wrong and link to a section of the runbook that is there", () => {
    const linked = alarms.map(
      ({ AlarmDescription }) => /^.+\. See docs\/runbook\.md#([a-z-]+)$/.exec(String(AlarmDescription))?.[1],
    );
    for (const section of linked) expect(sections).toContain(section);
    expect(new Set(linked)).toEqual(new Set(RUNBOOK_SECTIONS));
  });

  it("tell people when they sound and when they are over, and what no data means", () => {
    for (const { AlarmActions, OKActions, TreatMissingData } of alarms) {
      expect(AlarmActions).toEqual([topic.arn]);
      expect(OKActions).toEqual([topic.arn]);
      expect(["breaching", "notBreaching"]).toContain(TreatMissingData);
    }
  });

  it("take silence for bad news only of the scheduler, which is never silent", () => {
    const breaching = alarms.filter(({ TreatMissingData }) => TreatMissingData === "breaching");
    expect(breaching.map(({ MetricName }) => MetricName)).toEqual(["Invocations"]);
  });

  it.each([
    [1, 1],
    [2, 24],
    [16, 248],
  ])("of %i groups of ticks notice when a single one is silent", (groups, Threshold) => {
    const configuration = { scheduler: { groups }, knobs: { shards: 16 } };
    const found = templatesOf(synthesise(configuration)).resources("AWS::CloudWatch::Alarm");
    const silent = found.find(({ properties }) => properties["TreatMissingData"] === "breaching");
    expect(silent?.properties).toMatchObject({ Threshold, ComparisonOperator: "LessThanThreshold", Period: 900 });
  });

  it("watch metrics that the engine publishes, without dimensions", () => {
    const own = alarms.filter(({ Namespace }) => Namespace === metricNamespace("carillon"));
    expect(own.length).toBeGreaterThanOrEqual(4);
    for (const { MetricName, Dimensions } of own) {
      expect(PUBLISHED).toHaveProperty(String(MetricName));
      expect(Dimensions).toBeUndefined();
    }
  });

  it("reach everybody whom the configuration names", () => {
    expect(topic.subscriptions).toEqual([
      { protocol: "email", endpoint: "ana@example.com" },
      { protocol: "sms", endpoint: "+441632960001" },
      { protocol: "lambda", endpoint: expect.stringContaining("AlertsFunction") },
    ]);
  });

  it("may publish to the topic, whose policy is no longer the default one", () => {
    const [policy] = templates.resources("AWS::SNS::TopicPolicy");
    expect(policy?.properties["PolicyDocument"]).toMatchObject({
      Statement: expect.arrayContaining([
        expect.objectContaining({
          Effect: "Allow",
          Action: "sns:Publish",
          Principal: { Service: "cloudwatch.amazonaws.com" },
          Condition: { StringEquals: { "aws:SourceAccount": "123456789012" } },
        }),
      ]),
    });
  });

  it("add up the dead letters of a pool over its four queues", () => {
    const [dead] = alarms.filter(({ AlarmDescription }) =>
      String(AlarmDescription).includes("dead letters in pool default"),
    );
    const metrics = dead?.["Metrics"] as readonly { Expression?: string; MetricStat?: object }[];
    expect(metrics.filter(({ MetricStat }) => MetricStat !== undefined)).toHaveLength(4);
    expect(metrics.find(({ Expression }) => Expression !== undefined)?.Expression).toBe(
      "FILL(m0, 0) + FILL(m1, 0) + FILL(m2, 0) + FILL(m3, 0)",
    );
  });
});
