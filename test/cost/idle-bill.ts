import type { CloudAssembly } from "aws-cdk-lib/cx-api";
import { Deployment } from "../cloud/host/deployment.ts";
import { difference, type MeterReading, total } from "../cloud/host/meter.ts";
import { synthesise } from "../support/aws/synthesise.ts";
import { CostWorld, MEMORY_MB } from "./cost-world.ts";
import type { PriceTable } from "./prices.ts";
import type { Behaviour } from "./timed-executor.ts";

export interface BillItem {
  readonly what: string;
  /** Id of the price. */
  readonly price: string;
  readonly unitsPerMonth: number;
  readonly usd: number;
  /** When nothing else of the account uses up what is free. */
  readonly usdAfterFree: number;
  /** Watches the platform: alarms, dashboards, metrics. */
  readonly isWatching: boolean;
}

export interface IdleBill {
  readonly items: readonly BillItem[];
  /** Types of resources, with their number, for which nothing is paid as long as they are not used. */
  readonly free: Readonly<Record<string, number>>;
  /** Those of which this report does not know what they cost. */
  readonly unknown: Readonly<Record<string, number>>;
}

const HOURS_PER_MONTH = 730;
const MINUTE_MS = 60_000;
/** Until the pace of the tick has become slow. */
const WARM_UP_MINUTES = 10;
const MEASURED_MINUTES = 60;
/** What an invocation takes at least: a request to DynamoDB takes Lambda some milliseconds, and this machine next to none. */
const LEAST_MS = 200;

/**
 * Lambda reads a queue with five long polls of 20 s at a time; with a bound on concurrency never with fewer.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html
 */
const POLLS_PER_HOUR = 5 * (3_600 / 20);

/** Items of their own below, or paid by what is measured. */
const PRICED =
  /^AWS::(Scheduler::Schedule|Lambda::Function|DynamoDB::GlobalTable|SQS::Queue|Lambda::EventSourceMapping|Logs::LogGroup|SNS::Topic|KMS::Key|CloudWatch::(Alarm|CompositeAlarm|Dashboard))$/;
/** Free, or paid by use alone: a cluster and a service without tasks, an HTTP API, a bucket or distribution that nobody reads. */
const FREE =
  /^AWS::(ApiGatewayV2::\w+|IAM::\w+|EC2::(VPC|VPCGatewayAttachment|Subnet|SubnetRouteTableAssociation|Route|RouteTable|InternetGateway|SecurityGroup)|ECS::\w+|SNS::(TopicPolicy|Subscription)|SQS::QueuePolicy|Lambda::(Permission|EventInvokeConfig)|Scheduler::ScheduleGroup|S3::\w+|CloudFront::\w+|CDK::Metadata)$/;

/**
 * What the default installation costs in a month in which nobody uses it: what stands in the synthesised template, and what
 * the tick and the settler consume, measured over an hour without jobs or workers.
 */
export async function idleBill(prices: PriceTable): Promise<IdleBill> {
  const assembly = synthesise();
  const deployment = Deployment.read(assembly.directory);
  const used = await measureHour();
  const units = new Map<string, number>();
  const item = (price: string, unitsPerMonth: number, what: string, isWatching = false): BillItem => {
    const usd = prices.usd(price, unitsPerMonth);
    // What is free is there once, however many items are of the same price.
    const before = units.get(price) ?? 0;
    units.set(price, before + unitsPerMonth);
    const usdAfterFree = prices.usdAfterFree(price, before + unitsPerMonth) - prices.usdAfterFree(price, before);
    return { what, price, unitsPerMonth, usd, usdAfterFree, isWatching };
  };
  const lambda = total(used.reading, { service: "lambda" });
  const gbSeconds = FUNCTIONS.reduce((sum, caller) => sum + gbSecondsOf(used.reading, caller), 0);
  const dynamo = total(used.reading, { service: "dynamodb" });
  const counts = { alarms: alarmMetrics(deployment), dashboards: deployment.all("AWS::CloudWatch::Dashboard").length };
  const items = [
    item("scheduler.invocation", monthly(lambda.requests), "wake-ups of tick and settler"),
    item("lambda.request", monthly(lambda.requests), "invocations of tick and settler"),
    item("lambda.compute", monthly(gbSeconds), "their time (estimate: as measured here, or 200 ms each)"),
    item("dynamodb.read", monthly(dynamo.readUnits), "their reads"),
    item("dynamodb.write", monthly(dynamo.writeUnits), "their writes"),
    item("sqs.request", monthly(total(used.reading, { service: "sqs" }).chargedRequests), "their looks at the queues"),
    item(
      "sqs.request",
      monthly(POLLS_PER_HOUR) * deployment.all("AWS::Lambda::EventSourceMapping").length,
      "Lambda's looks at the queue of the engine",
    ),
    item(
      "logs.ingestion",
      monthly(total(used.reading, { service: "logs" }).bytes) / 1e9,
      "their log (partly estimated)",
    ),
    item("dynamodb.storage", 0, "table, empty"),
    item("dynamodb.pitr", 0, "its point-in-time recovery, empty"),
    item("kms.key", deployment.all("AWS::KMS::Key").length, "keys of the customer's own"),
    item("cloudwatch.alarm", counts.alarms, "alarms, by the metrics that they watch", true),
    item(
      "cloudwatch.compositeAlarm",
      deployment.all("AWS::CloudWatch::CompositeAlarm").length,
      "alarms on alarms",
      true,
    ),
    item("cloudwatch.metric", used.metrics, "metrics of the engine that have values", true),
    item("cloudwatch.dashboard", counts.dashboards, "dashboard", true),
  ];
  return { items, ...unpriced(assembly, deployment) };
}

const FUNCTIONS = ["tick", "settle"] as const;

function gbSecondsOf(reading: MeterReading, caller: (typeof FUNCTIONS)[number]): number {
  const { requests, gbMs } = total(reading, { service: "lambda", caller });
  return Math.max(gbMs, (requests * LEAST_MS * MEMORY_MB[caller]) / 1_024) / 1_000;
}

async function measureHour(): Promise<{ readonly reading: MeterReading; readonly metrics: number }> {
  const world = await CostWorld.open({ workers: 0, slots: 1, behave: atOnce });
  await world.advance(WARM_UP_MINUTES * MINUTE_MS);
  const before = world.reading();
  await world.advance(MEASURED_MINUTES * MINUTE_MS);
  const reading = difference(world.reading(), before);
  await world.close();
  return { reading, metrics: world.logs.metricNames.length };
}

function atOnce(): Behaviour {
  return { takesMs: 0, outcome: { ok: true } };
}

function monthly(unitsPerHour: number): number {
  return unitsPerHour * HOURS_PER_MONTH;
}

/** An alarm on an expression is billed for each metric in it. @see https://aws.amazon.com/cloudwatch/pricing/ */
function alarmMetrics(deployment: Deployment): number {
  return deployment.all("AWS::CloudWatch::Alarm").reduce((sum, { properties }) => {
    const metrics = (properties["Metrics"] ?? []) as readonly { readonly MetricStat?: unknown }[];
    return sum + Math.max(1, metrics.filter(({ MetricStat }) => MetricStat !== undefined).length);
  }, 0);
}

function unpriced(assembly: CloudAssembly, deployment: Deployment): Pick<IdleBill, "free" | "unknown"> {
  const free: Record<string, number> = {};
  const unknown: Record<string, number> = {};
  const types = assembly.stacks.flatMap((stack) => {
    const { Resources } = stack.template as { readonly Resources: Readonly<Record<string, { readonly Type: string }>> };
    return Object.values(Resources).map(({ Type }) => Type);
  });
  for (const type of types) {
    if (PRICED.test(type)) continue;
    const bin = FREE.test(type) || (type === GATEWAY && areGateways(deployment)) ? free : unknown;
    bin[type] = (bin[type] ?? 0) + 1;
  }
  return { free, unknown };
}

const GATEWAY = "AWS::EC2::VPCEndpoint";

/** Endpoints of gateways are free, those of interfaces are billed by the hour. */
function areGateways(deployment: Deployment): boolean {
  return deployment.all(GATEWAY).every(({ properties }) => properties["VpcEndpointType"] === "Gateway");
}
