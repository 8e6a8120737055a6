import { SendMessageBatchCommand, type BatchResultErrorEntry, type SQSClient } from "@aws-sdk/client-sqs";
import { PortError } from "../../core/ports/errors.ts";
import type { OutgoingMessage } from "../../core/ports/queue.ts";
import { MAX_BATCH, inParallel } from "./sqs-batches.ts";
import { entryOf, sizeOf } from "./sqs-messages.ts";
import { portError } from "./sdk-errors.ts";

/** All messages of a batch together. @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html */
const MAX_BATCH_BYTES = 1_048_576;

/**
 * Sends messages in as few requests as their number and size allow.
 *
 * @param action - for messages of errors: `Cannot send to queue "default.normal"`
 * @returns those that the service declined for reasons of its own
 * @throws {PortError} `INVALID` when it refused one as wrong; then, as after any failure, others may have been sent
 */
export async function sendMessages(
  client: SQSClient,
  url: string,
  { action, messages }: { readonly action: string; readonly messages: readonly OutgoingMessage[] },
): Promise<readonly OutgoingMessage[]> {
  const declined = await inParallel(batchesOf(messages), async (batch) => {
    const { Successful = [], Failed = [] } = await client
      .send(new SendMessageBatchCommand({ QueueUrl: url, Entries: batch.map(entryOf) }))
      .catch((error: unknown) => {
        throw portError(action, error);
      });
    const refusal = Failed.find(({ SenderFault }) => SenderFault === true);
    if (refusal !== undefined) throw new PortError("INVALID", `${action}: ${wordsOf(refusal)}`);
    const sent = new Set(Successful.map(({ Id }) => Id));
    return batch.filter((_, index) => !sent.has(String(index)));
  });
  return declined.flat();
}

/** What the service says of one entry of a batch, without a full stop. */
export function wordsOf({ Code, Message = "refused" }: BatchResultErrorEntry): string {
  return `${Message.trim().replace(/\.$/, "")} (${Code})`;
}

function batchesOf(messages: readonly OutgoingMessage[]): readonly (readonly OutgoingMessage[])[] {
  const batches: OutgoingMessage[][] = [];
  let bytes = Infinity;
  for (const message of messages) {
    const size = sizeOf(message);
    bytes += size;
    const batch = batches.at(-1);
    if (batch !== undefined && batch.length < MAX_BATCH && bytes <= MAX_BATCH_BYTES) {
      batch.push(message);
    } else {
      batches.push([message]);
      bytes = size;
    }
  }
  return batches;
}
