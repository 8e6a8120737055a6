import { type Message, ReceiveMessageCommand, type SQSClient } from "@aws-sdk/client-sqs";
import { MAX_BATCH, MAX_PARALLEL, wholeSeconds } from "./sqs-batches.ts";
import { RECEIVED_ATTRIBUTES } from "./sqs-messages.ts";
import { portError } from "./sdk-errors.ts";

/** What one ReceiveMessage brought. */
export interface Page {
  readonly messages: readonly Message[];
  /** As many as were asked for: there may be more. */
  readonly isFull: boolean;
}

export interface PageOptions {
  /** Cut to 10. */
  readonly max: number;
  /** Above 0 the request is a long poll, of whole seconds: rounded up. */
  readonly waitMs: number;
  readonly visibilityMs: number;
}

/** What an answer may take beyond the long poll itself. */
const ANSWER_MS = 5_000;

/** @throws {PortError} */
export async function receivePage(client: SQSClient, url: string, options: PageOptions): Promise<Page> {
  const MaxNumberOfMessages = Math.min(MAX_BATCH, options.max);
  const WaitTimeSeconds = wholeSeconds(options.waitMs);
  const command = new ReceiveMessageCommand({
    QueueUrl: url,
    MaxNumberOfMessages,
    WaitTimeSeconds,
    VisibilityTimeout: wholeSeconds(options.visibilityMs),
    MessageAttributeNames: [...RECEIVED_ATTRIBUTES.MessageAttributeNames],
    MessageSystemAttributeNames: [...RECEIVED_ATTRIBUTES.MessageSystemAttributeNames],
  });
  try {
    const { Messages = [] } = await client.send(command, { requestTimeout: WaitTimeSeconds * 1_000 + ANSWER_MS });
    return { messages: Messages, isFull: Messages.length === MaxNumberOfMessages };
  } catch (error) {
    throw portError(`Cannot receive from "${url}"`, error, { reading: true });
  }
}

export interface FillOptions {
  readonly max: number;
  /** A short poll for up to `max` messages. */
  readonly poll: (max: number) => Promise<Page>;
  /** Whether another wave is worth its requests, from the pages of the one before. */
  readonly goesOn: (wave: readonly Page[]) => boolean;
}

/**
 * Goes on behind a first page until there are `max` messages or a wave tells that it is not worth while. Waves double, up to
 * `MAX_PARALLEL` short polls at once, so that a queue with little in it costs little. A poll that fails ends it quietly: what
 * the others brought is hidden already and must not be dropped, and the next receive meets the same trouble and tells it.
 */
export async function fill(first: Page, { max, poll, goesOn }: FillOptions): Promise<readonly Message[]> {
  const messages = [...first.messages];
  let wave: readonly Page[] = [first];
  for (let lanes = 1; messages.length < max && goesOn(wave); lanes = Math.min(2 * lanes, MAX_PARALLEL)) {
    const results = await Promise.allSettled(sharesOf(max - messages.length, lanes).map(poll));
    wave = results.flatMap((result) => (result.status === "fulfilled" ? result.value : []));
    for (const page of wave) messages.push(...page.messages);
    if (wave.length < results.length) break;
  }
  return messages;
}

/** `room` in up to `lanes` shares of at most 10. */
function sharesOf(room: number, lanes: number): readonly number[] {
  return Array.from({ length: Math.min(lanes, Math.ceil(room / MAX_BATCH)) }, (_, index) =>
    Math.min(MAX_BATCH, room - index * MAX_BATCH),
  );
}
