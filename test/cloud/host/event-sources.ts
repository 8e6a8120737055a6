import { createHash } from "node:crypto";
import type { SQSBatchResponse, SQSEvent, SQSRecord } from "aws-lambda";
import type { CloudFunction } from "./cloud-function.ts";
import type { Deployment, Resource } from "./deployment.ts";
import type { Emulators } from "./emulators.ts";
import { REGION } from "./identity.ts";
import type { Meter } from "./meter.ts";
import type { Permissions } from "./permissions.ts";

export interface EventSourcesOptions {
  readonly deployment: Deployment;
  readonly functions: ReadonlyMap<string, CloudFunction>;
  readonly permissions: Permissions;
  readonly emulators: Pick<Emulators, "askSqs">;
  readonly meter: Meter;
}

interface Mapping {
  readonly queue: Resource;
  readonly target: CloudFunction;
  readonly batchSize: number;
  /** Batches that the function may be given at the same time. */
  readonly maxConcurrency: number;
  /** Whether the function says which messages are to stay. */
  readonly isPartial: boolean;
}

/** A message as SQS hands it out. */
interface Message {
  readonly MessageId: string;
  readonly ReceiptHandle: string;
  readonly Body: string;
  readonly Attributes: SQSRecord["attributes"];
  readonly MessageAttributes?: Readonly<Record<string, { readonly DataType: string; readonly StringValue?: string }>>;
}

/** Lambda polls for 20 s; here an end must not be waited for so long. */
const POLL_S = 1;
const DEFAULT_CONCURRENCY = 5;
/** Before a batch is offered again that the function was too busy for. */
const THROTTLED_REST_MS = 100;
/** What Lambda needs to read a queue, in the role of the function. */
const ACTIONS = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"];

/**
 * The event source mappings of the templates: Lambda reads queues and gives their messages to functions, batch by batch.
 * What a function does not name in its answer is deleted; what it names, and the whole batch of one that fails, stays and is
 * visible again when its time is over.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
 */
export class EventSources {
  readonly #options: EventSourcesOptions;
  readonly #mappings: readonly Mapping[];
  readonly #reading: Promise<void>[] = [];
  #isStopped = false;

  constructor(options: EventSourcesOptions) {
    this.#options = options;
    const resources = options.deployment.all("AWS::Lambda::EventSourceMapping");
    this.#mappings = resources.map(({ properties }) => mappingOf(properties as unknown as Properties, options));
  }

  /** Reads from now on. */
  start(): void {
    for (const mapping of this.#mappings) {
      for (let poller = 0; poller < Math.min(DEFAULT_CONCURRENCY, mapping.maxConcurrency); poller += 1)
        this.#reading.push(this.#read(mapping));
    }
  }

  /** Reads no more; resolves when the last batch has been answered. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await Promise.all(this.#reading);
  }

  async #read(mapping: Mapping): Promise<void> {
    const { queue, batchSize } = mapping;
    while (!this.#isStopped) {
      const { Messages = [] } = (await this.#ask("ReceiveMessage", {
        QueueUrl: queue.ref,
        MaxNumberOfMessages: batchSize,
        WaitTimeSeconds: POLL_S,
        MessageAttributeNames: ["All"],
        MessageSystemAttributeNames: ["All"],
        AttributeNames: ["All"],
      })) as { readonly Messages?: readonly Message[] };
      if (Messages.length > 0) await this.#deliver(mapping, Messages);
    }
  }

  async #deliver({ queue, target, isPartial }: Mapping, messages: readonly Message[]): Promise<void> {
    const event: SQSEvent = { Records: messages.map((message) => recordOf(message, queue.arn)) };
    let outcome = await target.invoke(event);
    while (outcome === undefined && !this.#isStopped) {
      await new Promise((resolve) => setTimeout(resolve, THROTTLED_REST_MS));
      outcome = await target.invoke(event);
    }
    if (outcome?.ok !== true) return;
    const kept = isPartial ? keptBy(outcome.payload, messages) : new Set();
    const done = messages.filter(({ MessageId }) => !kept.has(MessageId));
    if (done.length === 0) return;
    const Entries = done.map(({ ReceiptHandle }, index) => ({ Id: `${index}`, ReceiptHandle }));
    await this.#ask("DeleteMessageBatch", { QueueUrl: queue.ref, Entries });
  }

  async #ask(operation: string, input: { readonly QueueUrl: string } & Readonly<Record<string, unknown>>) {
    this.#options.meter.record(
      { service: "sqs", action: operation, caller: `mapping/${input.QueueUrl.split("/").at(-1)}` },
      { requests: 1, chargedRequests: 1 },
    );
    return this.#options.emulators.askSqs(operation, input);
  }
}

interface Properties {
  readonly EventSourceArn: string;
  readonly FunctionName: string;
  readonly BatchSize?: number;
  readonly FunctionResponseTypes?: readonly string[];
  readonly ScalingConfig?: { readonly MaximumConcurrency?: number };
}

function mappingOf(properties: Properties, { deployment, functions, permissions }: EventSourcesOptions): Mapping {
  const { EventSourceArn, FunctionName, BatchSize = 10, FunctionResponseTypes = [], ScalingConfig } = properties;
  const queue = deployment.get("AWS::SQS::Queue", EventSourceArn);
  const { name, properties: target } = deployment.get("AWS::Lambda::Function", FunctionName);
  const found = functions.get(name);
  if (found === undefined) throw new Error(`Cannot feed ${name}: it is no function of this project`);
  const refused = ACTIONS.find(
    (action) => !permissions.allows(String(target["Role"]), { action, resource: queue.arn }),
  );
  if (refused !== undefined)
    throw new Error(`Cannot read ${queue.name}: the role of ${name} does not allow ${refused}`);
  checkTimes(queue, found);
  return {
    queue,
    target: found,
    batchSize: BatchSize,
    maxConcurrency: ScalingConfig?.MaximumConcurrency ?? DEFAULT_CONCURRENCY,
    isPartial: FunctionResponseTypes.includes("ReportBatchItemFailures"),
  };
}

/** Lambda takes no mapping of a function that may run for longer than its messages are hidden. */
function checkTimes({ name, properties: { VisibilityTimeout = 30 } }: Resource, { timeoutMs }: CloudFunction): void {
  if (Number(VisibilityTimeout) * 1_000 >= timeoutMs) return;
  throw new Error(`Cannot read ${name}: its messages are hidden for a shorter time than the function may take`);
}

function recordOf(
  { MessageId, ReceiptHandle, Body, Attributes, MessageAttributes = {} }: Message,
  arn: string,
): SQSRecord {
  const attributes = Object.entries(MessageAttributes).map(([name, { DataType, StringValue }]) => {
    return [name, { dataType: DataType, stringValue: StringValue }] as const;
  });
  return {
    messageId: MessageId,
    receiptHandle: ReceiptHandle,
    body: Body,
    attributes: Attributes,
    messageAttributes: Object.fromEntries(attributes),
    md5OfBody: createHash("md5").update(Body).digest("hex"),
    eventSource: "aws:sqs",
    eventSourceARN: arn,
    awsRegion: REGION,
  };
}

/**
 * The messages that are to stay. An answer without a list means none; one that can't be understood means all.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html#services-sqs-batchfailurereporting
 */
function keptBy(payload: string, messages: readonly Message[]): ReadonlySet<string> {
  const ids = messages.map(({ MessageId }) => MessageId);
  const { batchItemFailures: failures } = (JSON.parse(payload) ?? {}) as Partial<SQSBatchResponse>;
  const named = (failures ?? []).map(({ itemIdentifier }) => itemIdentifier);
  return new Set(named.every((id) => ids.includes(id)) ? named : ids);
}
