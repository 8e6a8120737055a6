import { createHash } from "node:crypto";
import type { Clock } from "../../core/ports/clock.ts";
import type { AwsAnswer, AwsRequest } from "../cloud/host/aws-request.ts";
import { jsonAnswer } from "../cloud/host/aws-front.ts";
import { MemoryQueue } from "../support/memory-queue.ts";

/** Between a request and its answer, unless it waits for messages. */
const ANSWER_MS = 10;

interface Entry {
  readonly Id: string;
  readonly MessageBody: string;
  readonly MessageGroupId: string;
  readonly DelaySeconds?: number;
  readonly ReceiptHandle: string;
  readonly VisibilityTimeout: number;
}

interface Input {
  readonly QueueUrl: string;
  readonly Entries: readonly Entry[];
  readonly MaxNumberOfMessages: number;
  readonly WaitTimeSeconds: number;
  readonly VisibilityTimeout: number;
}

/**
 * Standard queues of SQS on a clock of the test's, so that their delays and long polls pass as fast as the test likes. It
 * serves the requests that `SqsQueue` makes, each within 10 ms of that clock, and shares fairly among groups.
 */
export class ClockSqs {
  readonly #clock: Clock;
  readonly #queue: MemoryQueue;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#queue = new MemoryQueue(clock);
  }

  /** How many messages of a queue could be received now. Nobody asks for it, so nobody pays. */
  async visible(queue: string): Promise<number> {
    return (await this.#queue.depth(queue)).visible;
  }

  readonly serve = async ({ operation, input }: AwsRequest): Promise<AwsAnswer> => {
    const request = input as Readonly<Record<string, unknown>> & Input;
    const answer = await this.#answer(operation, request);
    await this.#clock.sleep(ANSWER_MS);
    return jsonAnswer(answer);
  };

  async #answer(operation: string, request: Input): Promise<object> {
    const queue = request.QueueUrl.split("/").at(-1) ?? "";
    const { Entries } = request;
    switch (operation) {
      case "SendMessageBatch":
        return this.#send(queue, Entries);
      case "ReceiveMessage":
        return this.#receive(queue, request);
      case "ChangeMessageVisibilityBatch":
        for (const { ReceiptHandle, VisibilityTimeout } of Entries)
          await this.#queue.extend(queue, [ReceiptHandle], VisibilityTimeout * 1_000);
        return successOf(Entries);
      case "DeleteMessageBatch":
        await this.#queue.delete(
          queue,
          Entries.map(({ ReceiptHandle }) => ReceiptHandle),
        );
        return successOf(Entries);
      case "GetQueueAttributes":
        return this.#count(queue);
      default:
        throw new Error(`Cannot serve ${operation}: the queues of the cost report do not know it`);
    }
  }

  async #send(queue: string, entries: readonly Entry[]): Promise<object> {
    const messages = entries.map(({ MessageBody, MessageGroupId, DelaySeconds = 0 }) => {
      return { body: MessageBody, group: MessageGroupId, delayMs: DelaySeconds * 1_000 };
    });
    await this.#queue.send(queue, messages);
    return {
      Successful: entries.map(({ Id, MessageBody }) => ({
        Id,
        MessageId: Id,
        MD5OfMessageBody: md5(MessageBody),
      })),
    };
  }

  async #receive(queue: string, request: Input): Promise<object> {
    const messages = await this.#queue.receive(queue, {
      max: request.MaxNumberOfMessages,
      waitMs: request.WaitTimeSeconds * 1_000,
      visibilityMs: request.VisibilityTimeout * 1_000,
    });
    return {
      Messages: messages.map(({ body, group, receipt, receives }) => ({
        MessageId: receipt,
        Body: body,
        MD5OfBody: md5(body),
        ReceiptHandle: receipt,
        Attributes: { ApproximateReceiveCount: `${receives}`, MessageGroupId: group, SentTimestamp: "0" },
      })),
    };
  }

  async #count(queue: string): Promise<object> {
    const { visible, delayed, inFlight } = await this.#queue.depth(queue);
    return {
      Attributes: {
        ApproximateNumberOfMessages: `${visible}`,
        ApproximateNumberOfMessagesDelayed: `${delayed}`,
        ApproximateNumberOfMessagesNotVisible: `${inFlight}`,
      },
    };
  }
}

function successOf(entries: readonly Entry[]): object {
  return { Successful: entries.map(({ Id }) => ({ Id })) };
}

function md5(text: string): string {
  return createHash("md5").update(text).digest("hex");
}
