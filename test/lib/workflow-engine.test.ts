import { describe, expect, it } from "vitest";
import { synthesise } from "../support/aws/synthesise.ts";
import { readTemplates, templatesOf } from "../support/aws/template.ts";

const assembly = synthesise();
const { functions, queues } = readTemplates(assembly);
const templates = templatesOf(assembly);
const engine = functions.find((each) => each.function === "engine");
const queue = queues.find(({ name }) => name === "carillon-engine-normal");

describe("the engine of workflows", () => {
  it("is fed from its queue at once, keeps what it is told to keep, and takes a bounded part of the account", () => {
    const mappings = templates.resources("AWS::Lambda::EventSourceMapping").map(({ properties }) => properties);
    expect(mappings).toEqual([
      {
        EventSourceArn: queue?.arn,
        FunctionName: engine?.name,
        BatchSize: 10,
        MaximumBatchingWindowInSeconds: 0,
        FunctionResponseTypes: ["ReportBatchItemFailures"],
        ScalingConfig: { MaximumConcurrency: 10 },
        Tags: expect.any(Array),
      },
    ]);
  });

  it("hides its messages for six times its own time, so that a throttled batch can be tried again", () => {
    const visibilityMs = Number(queue?.attributes["VisibilityTimeout"]) * 1_000;
    expect(engine?.timeoutMs).toBeGreaterThan(0);
    expect(visibilityMs).toBeGreaterThanOrEqual(6 * (engine?.timeoutMs ?? 0));
  });

  it("has alarms for failures, for a queue that is not read, and for dead letters", () => {
    const alarms = templates.resources("AWS::CloudWatch::Alarm").map(({ properties }) => properties);
    const words = alarms.map(({ AlarmDescription }) => String(AlarmDescription)).filter((text) => /engine/.test(text));
    expect(words).toEqual(
      expect.arrayContaining([
        expect.stringContaining("docs/runbook.md#engine-errors"),
        expect.stringContaining("docs/runbook.md#engine-behind"),
        expect.stringContaining("dead letters in pool engine"),
        expect.stringMatching(/errors of functions \(.*engine.*\)/),
      ]),
    );
    const [age] = alarms.filter(({ MetricName }) => MetricName === "ApproximateAgeOfOldestMessage");
    expect(age).toMatchObject({ Threshold: 1_200, Dimensions: [{ Name: "QueueName", Value: queue?.name }] });
  });
});
