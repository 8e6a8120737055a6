import {
  type BatchResultErrorEntry,
  ChangeMessageVisibilityBatchCommand,
  DeleteMessageBatchCommand,
  type SQSClient,
} from "@aws-sdk/client-sqs";
import type { Clock } from "../../core/ports/clock.ts";
import { PortError } from "../../core/ports/errors.ts";
import type { Random } from "../../core/ports/random.ts";
import { chunksOf, inParallel, MAX_BATCH, wholeSeconds } from "./sqs-batches.ts";
import { wordsOf } from "./sqs-send.ts";
import { portError } from "./sdk-errors.ts";

export interface SqsReceiptsOptions {
  readonly client: SQSClient;
  readonly clock: Clock;
  readonly random: Random;
}

/** Tries of an entry that the service declines within a request that it takes; requests as a whole the client retries. */
const MAX_TRIES = 4;
const FIRST_RETRY_MS = 50;

/**
 * The receipt names no delivery that lasts: deleted, received again since, never given, or held for 12 hours. That is the
 * caller's fault in the service's eyes and nobody's in the port's.
 *
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ChangeMessageVisibility.html
 */
const STALE = /(^|\.)(ReceiptHandleIsInvalid|MessageNotInflight|InvalidParameterValue|InvalidIdFormat)$/;

/** Hides and deletes received messages, any number at once: a request for every ten, several requests at a time. */
export class SqsReceipts {
  readonly #client: SQSClient;
  readonly #clock: Clock;
  readonly #random: Random;

  constructor({ client, clock, random }: SqsReceiptsOptions) {
    this.#client = client;
    this.#clock = clock;
    this.#random = random;
  }

  /** Hides for `visibilityMs` from now, rounded up to whole seconds. */
  async hide(url: string, receipts: readonly string[], visibilityMs: number): Promise<void> {
    const VisibilityTimeout = wholeSeconds(visibilityMs);
    await this.#forAll("Cannot extend messages of", url, {
      receipts,
      request: (entries) =>
        this.#client.send(
          new ChangeMessageVisibilityBatchCommand({
            QueueUrl: url,
            Entries: entries.map((entry) => ({ ...entry, VisibilityTimeout })),
          }),
        ),
    });
  }

  async delete(url: string, receipts: readonly string[]): Promise<void> {
    await this.#forAll("Cannot delete messages of", url, {
      receipts,
      request: (entries) => this.#client.send(new DeleteMessageBatchCommand({ QueueUrl: url, Entries: [...entries] })),
    });
  }

  async #forAll(what: string, url: string, { receipts, request }: Work): Promise<void> {
    const action = `${what} "${url}"`;
    let left = [...new Set(receipts)].filter((receipt) => receipt !== "");
    for (let tries = 1; left.length > 0; tries += 1) {
      const declined = await inParallel(chunksOf(left, MAX_BATCH), (batch) => attempt(action, batch, request));
      const [first, ...others] = declined.flat();
      if (first === undefined) return;
      if (tries === MAX_TRIES) {
        const code = /Throttl/.test(first.code) ? "THROTTLED" : "UNAVAILABLE";
        throw new PortError(
          code,
          `${action}: ${others.length + 1} were declined ${MAX_TRIES} times, one with: ${first.words}`,
        );
      }
      left = [first, ...others].map(({ receipt }) => receipt);
      await this.#clock.sleep(FIRST_RETRY_MS * 2 ** tries * this.#random.next());
    }
  }
}

interface Entry {
  readonly Id: string;
  readonly ReceiptHandle: string;
}

type BatchRequest = (
  entries: readonly Entry[],
) => Promise<{ readonly Failed?: readonly BatchResultErrorEntry[] | undefined }>;

interface Work {
  readonly receipts: readonly string[];
  readonly request: BatchRequest;
}

interface Declined {
  readonly receipt: string;
  readonly code: string;
  readonly words: string;
}

/** One request; what it declined and may take at another try. */
async function attempt(action: string, batch: readonly string[], request: BatchRequest): Promise<readonly Declined[]> {
  const entries = batch.map((receipt, index) => ({ Id: String(index), ReceiptHandle: receipt }));
  const { Failed = [] } = await request(entries).catch((error: unknown) => {
    throw portError(action, error);
  });
  return Failed.flatMap((failure) => {
    const { Id, Code: code = "" } = failure;
    const receipt = batch[Number(Id)];
    return receipt === undefined || STALE.test(code) ? [] : { receipt, code, words: wordsOf(failure) };
  });
}
