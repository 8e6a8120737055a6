import { GetQueueAttributesCommand, type SQSClient } from "@aws-sdk/client-sqs";
import type { Clock } from "../../core/ports/clock.ts";
import type {
  DeadLetter,
  OutgoingMessage,
  Queue,
  QueueDepth,
  QueueName,
  ReceivedMessage,
  ReceiveOptions,
} from "../../core/ports/queue.ts";
import type { Random } from "../../core/ports/random.ts";
import { checkMax, checkMessages, checkQueueName, checkReceive, checkVisibility } from "../shared/queue-rules.ts";
import { portError } from "./sdk-errors.ts";
import { findDeadLetters, redriveDeadLetters, type SqsDeadLettersOptions } from "./sqs-dead-letters.ts";
import { SqsInbox } from "./sqs-inbox.ts";
import { checkForSqs, deadLetterOf, receivedOf, sentAtMs } from "./sqs-messages.ts";
import { sqsUrls, type SqsUrls } from "./sqs-names.ts";
import { SqsReceipts } from "./sqs-receipts.ts";
import { InFlight, MAX_IN_FLIGHT } from "./in-flight.ts";
import { sendMessages } from "./sqs-send.ts";

export interface SqsQueueOptions {
  /** With the settings of `sqsClientConfig`. */
  readonly client: SQSClient;
  /** Begins the URL of every queue: `https://sqs.<region>.amazonaws.com/<account>/<installation>-`. */
  readonly urlPrefix: string;
  readonly clock: Clock;
  /** Spreads retries. */
  readonly random: Random;
}

/**
 * The Queue port over standard SQS queues: for queue `<pool>.<priority>` the SQS queue `<urlPrefix><pool>-<priority>`, and
 * for its dead letters the same with `-dead`. Both are made beforehand, with a redrive policy from one to the other.
 *
 * The group of a message is its MessageGroupId, by which SQS shares fairly. Delays are rounded down to whole seconds,
 * visibility up. A `receive` that ends before its long poll leaves the poll to the next one: see `SqsInbox`.
 *
 * Requests: `send` 1, up to 3 when bodies are large. `receive` 1 for every ten messages, 1 when there are none, and at most
 * 16 in vain when the last ones asked for at once find nothing. `extend` and `delete` 1 for every ten. `depth` 2.
 * `deadLetters` 2 and `redrive` 3 for every ten, and a few more to see that none are left.
 */
export class SqsQueue implements Queue {
  readonly #client: SQSClient;
  readonly #urlPrefix: string;
  readonly #clock: Clock;
  readonly #receipts: SqsReceipts;
  /** Long polls and receipts need connections too. */
  readonly #sending = new InFlight(MAX_IN_FLIGHT / 2);
  readonly #inboxes = new Map<QueueName, SqsInbox>();

  constructor({ client, urlPrefix, clock, random }: SqsQueueOptions) {
    this.#client = client;
    this.#urlPrefix = urlPrefix;
    this.#clock = clock;
    this.#receipts = new SqsReceipts({ client, clock, random });
  }

  async send(queue: QueueName, messages: readonly OutgoingMessage[]): Promise<readonly OutgoingMessage[]> {
    const { url } = this.#urls(queue);
    checkMessages(messages);
    checkForSqs(messages);
    const action = `Cannot send to queue "${queue}"`;
    return this.#sending.run(() => sendMessages(this.#client, url, { action, messages }));
  }

  async receive(queue: QueueName, options: ReceiveOptions): Promise<readonly ReceivedMessage[]> {
    const { url } = this.#urls(queue);
    checkReceive(options);
    const messages = await this.#inbox(queue, url).receive(options);
    return messages.map(receivedOf);
  }

  async extend(queue: QueueName, receipts: readonly string[], visibilityMs: number): Promise<void> {
    const { url } = this.#urls(queue);
    checkVisibility(visibilityMs);
    await this.#receipts.hide(url, receipts, visibilityMs);
  }

  async delete(queue: QueueName, receipts: readonly string[]): Promise<void> {
    await this.#receipts.delete(this.#urls(queue).url, receipts);
  }

  /** Without `oldestAgeMs`: SQS tells it to CloudWatch only, minutes late. */
  async depth(queue: QueueName): Promise<QueueDepth> {
    const { url, deadUrl } = this.#urls(queue);
    const [live, dead] = await Promise.all([this.#counts(url), this.#counts(deadUrl)]);
    return { ...live, deadLetters: dead.visible + dead.delayed + dead.inFlight };
  }

  /** Oldest first among those shown; beyond `max` SQS chooses. Takes a second when there are none. */
  async deadLetters(queue: QueueName, max: number): Promise<readonly DeadLetter[]> {
    const options = this.#deadLettersOf(queue);
    checkMax(max);
    const letters = await findDeadLetters(max, options);
    return letters.toSorted((a, b) => sentAtMs(a) - sentAtMs(b)).map(deadLetterOf);
  }

  /** At most 10,000 in one call. */
  async redrive(queue: QueueName): Promise<number> {
    return redriveDeadLetters(this.#deadLettersOf(queue));
  }

  /**
   * For a process that is about to end, when its receives have been aborted: long polls on the wire may still bring
   * messages, which are then given back at once. Resolves when the last poll has ended, after 20 s at the latest.
   */
  async close(): Promise<void> {
    await Promise.all([...this.#inboxes.values()].map((inbox) => inbox.close()));
  }

  #urls(queue: QueueName): SqsUrls {
    checkQueueName(queue);
    return sqsUrls(this.#urlPrefix, queue);
  }

  #inbox(queue: QueueName, url: string): SqsInbox {
    let inbox = this.#inboxes.get(queue);
    if (inbox === undefined) {
      inbox = new SqsInbox({ client: this.#client, url, receipts: this.#receipts, clock: this.#clock });
      this.#inboxes.set(queue, inbox);
    }
    return inbox;
  }

  #deadLettersOf(queue: QueueName): SqsDeadLettersOptions {
    const label = `queue "${queue}"`;
    return { ...this.#urls(queue), client: this.#client, receipts: this.#receipts, label };
  }

  async #counts(url: string): Promise<Pick<QueueDepth, "visible" | "delayed" | "inFlight">> {
    const command = new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: [...COUNTS] });
    const { Attributes = {} } = await this.#client.send(command).catch((error: unknown) => {
      throw portError(`Cannot count the messages of "${url}"`, error, { reading: true });
    });
    const [visible, delayed, inFlight] = COUNTS.map((name) => Number(Attributes[name] ?? 0));
    return { visible: visible ?? 0, delayed: delayed ?? 0, inFlight: inFlight ?? 0 };
  }
}

const COUNTS = [
  "ApproximateNumberOfMessages",
  "ApproximateNumberOfMessagesDelayed",
  "ApproximateNumberOfMessagesNotVisible",
] as const;
