import { Alarm, ComparisonOperator, type IMetric, TreatMissingData } from "aws-cdk-lib/aws-cloudwatch";
import { SnsAction } from "aws-cdk-lib/aws-cloudwatch-actions";
import type { Construct } from "constructs";
import type { AlarmTopic } from "./alarm-topic.ts";

export interface PlatformAlarmProps {
  readonly topic: AlarmTopic;
  /** What is wrong when it sounds, as a sentence without full stop. */
  readonly summary: string;
  /** The section of docs/runbook.md that tells what to do. */
  readonly runbook: RunbookSection;
  readonly metric: IMetric;
  readonly threshold: number;
  /** @default the metric is above the threshold */
  readonly when?: ComparisonOperator;
  /** Periods of the metric in a row. @default 1 */
  readonly periods?: number;
  /** What no data means: `good`, `bad`, or neither. CloudWatch must be told, since its own default is a third state. */
  readonly missing: "good" | "bad";
}

/** The sections of docs/runbook.md, one for each kind of alarm. */
export const RUNBOOK_SECTIONS = [
  "scheduler-silent",
  "scheduler-lag",
  "undelivered-wake-ups",
  "oldest-unclaimed-run",
  "dead-letters",
  "unexplained-slots",
  "workers-lost",
  "engine-errors",
  "engine-behind",
  "function-errors",
  "function-throttles",
  "api-errors",
  "table-throttles",
  "table-errors",
  "undelivered-alerts",
] as const;

export type RunbookSection = (typeof RUNBOOK_SECTIONS)[number];

/** An alarm of the platform: it goes to the topic when it sounds and when it is over, and says where to read on. */
export class PlatformAlarm extends Alarm {
  constructor(
    scope: Construct,
    id: string,
    {
      topic,
      summary,
      runbook,
      metric,
      threshold,
      when = ComparisonOperator.GREATER_THAN_THRESHOLD,
      periods = 1,
      missing,
    }: PlatformAlarmProps,
  ) {
    super(scope, id, {
      alarmDescription: `${summary}. See docs/runbook.md#${runbook}`,
      metric,
      threshold,
      comparisonOperator: when,
      evaluationPeriods: periods,
      treatMissingData: missing === "bad" ? TreatMissingData.BREACHING : TreatMissingData.NOT_BREACHING,
    });
    const notify = new SnsAction(topic.topic);
    this.addAlarmAction(notify);
    this.addOkAction(notify);
  }
}
