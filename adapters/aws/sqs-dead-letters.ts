import type { Message, SQSClient } from "@aws-sdk/client-sqs";
import { PortError } from "../../core/ports/errors.ts";
import { inParallel, chunksOf, MAX_BATCH } from "./sqs-batches.ts";
import { deadLetterOf, receiptsOf } from "./sqs-messages.ts";
import type { SqsUrls } from "./sqs-names.ts";
import { fill, receivePage } from "./sqs-receive.ts";
import type { SqsReceipts } from "./sqs-receipts.ts";
import { sendMessages } from "./sqs-send.ts";

export interface SqsDeadLettersOptions extends SqsUrls {
  readonly client: SQSClient;
  readonly receipts: SqsReceipts;
  /** For messages of errors: `queue "default.normal"`. */
  readonly label: string;
}

/** A long poll asks all servers of the queue, a short one only some: the shortest that finds a single message for certain. */
const FIND_MS = 1_000;
/** Longer than a look, or a round of moving, takes. */
const HOLD_MS = 30_000;
const REDRIVE_ROUND = 100;
/** Bound of one redrive: within the 30 s that an API call may take. */
const MAX_REDRIVEN = 10_000;

/**
 * Looks at dead letters, by receiving them and making them visible again: a look counts as a receive, and hides them from
 * other looks as long as it lasts.
 */
export async function findDeadLetters(max: number, options: SqsDeadLettersOptions): Promise<readonly Message[]> {
  const letters = await take(max, options);
  // Should it fail, they come back by themselves: what was found is right all the same.
  await options.receipts.hide(options.deadUrl, receiptsOf(letters), 0).catch(() => undefined);
  return letters;
}

/**
 * Moves dead letters back to their queue, at most `MAX_REDRIVEN`. Each is sent before it is deleted, so that a failure
 * between leaves it in both places: delivered twice, never lost. (StartMessageMoveTask would do it in the background, at
 * a pace of its own, and keep no count.)
 *
 * @returns how many were moved
 */
export async function redriveDeadLetters(options: SqsDeadLettersOptions): Promise<number> {
  let moved = 0;
  while (moved < MAX_REDRIVEN) {
    const letters = await take(REDRIVE_ROUND, options);
    if (letters.length === 0) break;
    const counts = await inParallel(chunksOf(letters, MAX_BATCH), (batch) => move(batch, options));
    const count = counts.reduce((sum, each) => sum + each, 0);
    if (count === 0) {
      throw new PortError("UNAVAILABLE", `Cannot redrive ${options.label}: all of ${letters.length} were declined`);
    }
    moved += count;
  }
  return moved;
}

/** Receives until there are `max` or no more come. */
async function take(max: number, { client, deadUrl }: SqsDeadLettersOptions): Promise<readonly Message[]> {
  const first = await receivePage(client, deadUrl, { max, waitMs: FIND_MS, visibilityMs: HOLD_MS });
  return fill(first, {
    max,
    poll: (share) => receivePage(client, deadUrl, { max: share, waitMs: 0, visibilityMs: HOLD_MS }),
    goesOn: (wave) => wave.some(({ messages }) => messages.length > 0),
  });
}

async function move(letters: readonly Message[], options: SqsDeadLettersOptions): Promise<number> {
  const { client, url, deadUrl, receipts, label } = options;
  const messages = letters.map((letter) => ({ ...deadLetterOf(letter), delayMs: 0 }));
  const declined = new Set(await sendMessages(client, url, { action: `Cannot redrive ${label}`, messages }));
  const isSent = (_: Message, index: number): boolean => {
    const message = messages[index];
    return message !== undefined && !declined.has(message);
  };
  const sent = letters.filter(isSent);
  await receipts.delete(deadUrl, receiptsOf(sent));
  const rest = letters.filter((letter, index) => !isSent(letter, index));
  await receipts.hide(deadUrl, receiptsOf(rest), 0);
  return sent.length;
}
