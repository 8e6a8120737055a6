import { Duration } from "aws-cdk-lib";
import { type IMetric, MathExpression, Metric } from "aws-cdk-lib/aws-cloudwatch";
import type { ITableV2 } from "aws-cdk-lib/aws-dynamodb";
import type { IFunction } from "aws-cdk-lib/aws-lambda";
import { Construct } from "constructs";
import type { PoolQueues } from "../queues/pool-queues.ts";
import type { AlarmTopic } from "./alarm-topic.ts";
import { PlatformAlarm } from "./platform-alarm.ts";

export interface PlatformAlarmsProps {
  readonly topic: AlarmTopic;
  readonly table: ITableV2;
  readonly pools: readonly PoolQueues[];
  /** Those whose failures nobody sees at once, by name. */
  readonly functions: Readonly<Record<string, IFunction>>;
}

const PERIOD = Duration.minutes(5);
/** On the way of every run. Each one is a metric of its own. */
const OPERATIONS = ["GetItem", "Query", "UpdateItem", "BatchWriteItem"];
/** Throttles that the clients' own retries bear without anybody noticing. */
const TOLERATED_THROTTLES = 10;
const TOLERATED_ERRORS = 3;

/** What the services below tell of themselves: alarms on it cost their ten cents, and the metrics nothing. */
export class PlatformAlarms extends Construct {
  readonly #topic: AlarmTopic;

  constructor(scope: Construct, id: string, { topic, table, pools, functions }: PlatformAlarmsProps) {
    super(scope, id);
    this.#topic = topic;
    for (const pool of pools) this.#watchDeadLetters(pool);
    this.#watchFunctions(functions);
    this.#watchTable(table);
  }

  /** For each pool, since an alarm takes ten metrics at most, and a pool has people who know its jobs. */
  #watchDeadLetters(queues: PoolQueues): void {
    new PlatformAlarm(this, `DeadLetters-${queues.pool}`, {
      topic: this.#topic,
      summary: `There are dead letters in pool ${queues.pool}`,
      runbook: "dead-letters",
      metric: sum(
        "Dead letters",
        queues.metrics().map(({ dead }) => dead),
      ),
      threshold: 0,
      missing: "good",
    });
  }

  #watchFunctions(functions: PlatformAlarmsProps["functions"]): void {
    const names = Object.keys(functions).join(", ");
    const each = Object.values(functions);
    new PlatformAlarm(this, "FunctionErrors", {
      topic: this.#topic,
      summary: `More than ${TOLERATED_ERRORS} errors of functions (${names}) within five minutes`,
      runbook: "function-errors",
      metric: sum(
        "Errors",
        each.map((one) => one.metricErrors({ period: PERIOD })),
      ),
      threshold: TOLERATED_ERRORS,
      missing: "good",
    });
    new PlatformAlarm(this, "FunctionThrottles", {
      topic: this.#topic,
      summary: `Functions (${names}) were throttled: the account's concurrency is used up`,
      runbook: "function-throttles",
      metric: sum(
        "Throttles",
        each.map((one) => one.metricThrottles({ period: PERIOD })),
      ),
      threshold: 0,
      missing: "good",
    });
  }

  #watchTable(table: ITableV2): void {
    const dimensionsMap = { TableName: table.tableName };
    const metric = (metricName: string, Operation?: string): IMetric =>
      new Metric({
        namespace: "AWS/DynamoDB",
        metricName,
        statistic: "Sum",
        period: PERIOD,
        dimensionsMap: Operation === undefined ? dimensionsMap : { ...dimensionsMap, Operation },
      });
    new PlatformAlarm(this, "TableThrottles", {
      topic: this.#topic,
      summary: `More than ${TOLERATED_THROTTLES} requests to the table were throttled within five minutes`,
      runbook: "table-throttles",
      metric: sum("Throttles", [metric("ReadThrottleEvents"), metric("WriteThrottleEvents")]),
      threshold: TOLERATED_THROTTLES,
      missing: "good",
    });
    new PlatformAlarm(this, "TableErrors", {
      topic: this.#topic,
      summary: `More than ${TOLERATED_ERRORS} requests to the table failed within DynamoDB in five minutes`,
      runbook: "table-errors",
      metric: sum(
        "Errors",
        OPERATIONS.map((operation) => metric("SystemErrors", operation)),
      ),
      threshold: TOLERATED_ERRORS,
      missing: "good",
    });
  }
}

/**
 * Metrics added up; a missing one counts as 0, or the sum would be missing too.
 *
 * @param prefix - of the ids that the metrics have in the expression, which differ among the sums of one graph
 */
export function sum(label: string, metrics: readonly IMetric[], prefix = "m"): MathExpression {
  const usingMetrics = Object.fromEntries(metrics.map((metric, index) => [`${prefix}${index}`, metric]));
  const expression = Object.keys(usingMetrics)
    .map((name) => `FILL(${name}, 0)`)
    .join(" + ");
  return new MathExpression({ label, expression, usingMetrics, period: PERIOD });
}
