import { type Consumption, type MeterKey, total } from "../cloud/host/meter.ts";
import type { Measured } from "./measure.ts";
import type { PriceTable } from "./prices.ts";

/** What one run more consumes. */
export interface PerRun {
  readonly name: string;
  readonly title: string;
  readonly runs: number;
  readonly writeUnits: number;
  readonly readUnits: number;
  readonly queue: { readonly send: number; readonly receive: number; readonly extend: number; readonly delete: number };
  /** All requests to queues together, those that count their messages included. */
  readonly queueRequests: number;
  readonly apiRequests: number;
  readonly lambdaInvocations: number;
  /** Of Step Functions. */
  readonly transitions: number;
  /** An estimate: the time that the functions took on this machine, times their memory in the template. */
  readonly gbSeconds: number;
  /** List price of a million runs, by the id of the price. */
  readonly usdPerMillion: Readonly<Record<string, number>>;
  /** Their sum. */
  readonly totalUsdPerMillion: number;
}

const MILLION = 1_000_000;
const BYTES_PER_GB = 1e9;

/**
 * Consumption per run of a platform that is awake: what `all` consumed beyond `one`, the same with a single job, by the runs
 * that it had more. What platform and workers consume anyway is no part of it.
 */
export function perRun(all: Measured, one: Measured, prices: PriceTable): PerRun {
  const { scenario } = all;
  const runs = all.runs - one.runs;
  const beyond = (filter: Partial<MeterKey>) => {
    const [more, less] = [total(all.used, filter), total(one.used, filter)];
    const each = (quantity: keyof Consumption) => (more[quantity] - less[quantity]) / runs;
    return {
      requests: each("chargedRequests"),
      readUnits: each("readUnits"),
      writeUnits: each("writeUnits"),
      bytes: each("bytes"),
      gbSeconds: each("gbMs") / 1_000,
    };
  };
  const dynamo = beyond({ service: "dynamodb" });
  const lambda = beyond({ service: "lambda" });
  const queued = (action: string) => beyond({ service: "sqs", action }).requests;
  const queueRequests = beyond({ service: "sqs" }).requests;
  const queue = {
    send: queued("SendMessageBatch"),
    receive: queued("ReceiveMessage"),
    extend: queued("ChangeMessageVisibilityBatch"),
    delete: queued("DeleteMessageBatch"),
  };
  const apiRequests = beyond({ service: "api" }).requests;
  const transitions = beyond({ service: "states" }).requests;
  const units: Record<string, number> = {
    "dynamodb.write": dynamo.writeUnits,
    "dynamodb.read": dynamo.readUnits,
    "sqs.request": queueRequests,
    "sqs.fair": queue.send,
    "api.request": apiRequests,
    "lambda.request": lambda.requests,
    "lambda.compute": lambda.gbSeconds,
    "states.transition": transitions,
    "logs.ingestion": beyond({ service: "logs" }).bytes / BYTES_PER_GB,
  };
  const usdPerMillion = Object.fromEntries(
    Object.entries(units).map(([id, unitsPerRun]) => [id, prices.usd(id, unitsPerRun * MILLION)]),
  );
  return {
    name: scenario.name,
    title: scenario.title,
    runs: all.runs,
    writeUnits: dynamo.writeUnits,
    readUnits: dynamo.readUnits,
    queue,
    queueRequests,
    apiRequests,
    lambdaInvocations: lambda.requests,
    transitions,
    gbSeconds: lambda.gbSeconds,
    usdPerMillion,
    totalUsdPerMillion: Object.values(usdPerMillion).reduce((sum, usd) => sum + usd, 0),
  };
}
