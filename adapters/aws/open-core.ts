import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { SQSClient } from "@aws-sdk/client-sqs";
import { AWS_KNOBS, type Knobs } from "../../core/knobs.ts";
import type { Metrics } from "../../core/ports/metrics.ts";
import { type Core, createCore, type Ports } from "../../core/services/core.ts";
import { SystemClock } from "../shared/system-clock.ts";
import { SystemIds } from "../shared/system-ids.ts";
import { SystemRandom } from "../shared/system-random.ts";
import { clientConfig } from "./clients.ts";
import { DynamoTable } from "./dynamo-table.ts";
import { EmfMetrics } from "./emf-metrics.ts";
import { metricNamespace } from "./metric-names.ts";
import { sqsClientConfig } from "./sqs-client-config.ts";
import { SqsQueue } from "./sqs-queue.ts";

export interface CoreEnvironment {
  readonly tableName: string;
  /** Address of a queue up to its pool. */
  readonly queueUrlPrefix: string;
  /** Names the metrics' namespace. */
  readonly installation: string;
  /** Those that differ from `AWS_KNOBS`. */
  readonly knobs?: Partial<Knobs>;
}

/** What only some hosts have to add. */
export interface CoreExtras extends Pick<Ports, "executions" | "fateOf" | "onRung" | "onArmed"> {
  /** @default an `EmfMetrics`, to be flushed by the host */
  readonly metrics?: Metrics;
}

export interface AwsCore<M extends Metrics = Metrics> {
  readonly core: Core;
  readonly table: DynamoTable;
  readonly queue: SqsQueue;
  readonly metrics: M;
  readonly clients: { readonly dynamo: DynamoDBClient; readonly sqs: SQSClient };
}

/**
 * The core over DynamoDB and SQS, once per container. No other client is made here, and none is loaded: a function pays
 * for each with the time that it takes to start.
 */
export function openAwsCore(environment: CoreEnvironment, extras?: Omit<CoreExtras, "metrics">): AwsCore<EmfMetrics>;
export function openAwsCore<M extends Metrics>(
  environment: CoreEnvironment,
  extras: CoreExtras & { readonly metrics: M },
): AwsCore<M>;
export function openAwsCore(
  { tableName, queueUrlPrefix, installation, knobs }: CoreEnvironment,
  { metrics: given, ...extras }: CoreExtras = {},
): AwsCore {
  const clients = { dynamo: new DynamoDBClient(clientConfig()), sqs: new SQSClient(sqsClientConfig()) };
  const [clock, random] = [new SystemClock(), new SystemRandom()];
  const metrics = given ?? new EmfMetrics({ clock, namespace: metricNamespace(installation) });
  const table = new DynamoTable({ client: clients.dynamo, tableName });
  const queue = new SqsQueue({ client: clients.sqs, urlPrefix: queueUrlPrefix, clock, random });
  const ports: Ports = { ...extras, table, queue, clock, random, ids: new SystemIds(), metrics };
  return { core: createCore(ports, { ...AWS_KNOBS, ...knobs }), table, queue, metrics, clients };
}
