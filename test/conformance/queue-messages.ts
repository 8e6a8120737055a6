import type { OutgoingMessage, Queue, QueueName, ReceivedMessage } from "../../core/ports/queue.ts";

export interface QueueUnderTest {
  readonly queue: Queue;
  /** Two empty queues that no other test uses. */
  readonly name: QueueName;
  readonly otherName: QueueName;
  /** Deliveries before a message moves to the dead letters; small. */
  readonly maxReceives: number;
}

/** Calls after which what has not come does not come. */
export const MAX_TRIES = 200;

export function aMessage(fields: Partial<OutgoingMessage> = {}): OutgoingMessage {
  return { body: '{"runId":"default.report@1"}', group: "default", delayMs: 0, ...fields };
}

export async function sendAll(queue: Queue, name: QueueName, messages: readonly OutgoingMessage[]): Promise<void> {
  for (let left = messages, tries = 0; left.length > 0 && tries < MAX_TRIES; tries++)
    left = await queue.send(name, left);
}

/** Receives until there are `count` messages, or until it is clear that they do not come. */
export async function receiveAll(
  queue: Queue,
  name: QueueName,
  count: number,
  { max = 10, visibilityMs = 60_000 }: { max?: number; visibilityMs?: number } = {},
): Promise<readonly ReceivedMessage[]> {
  const messages: ReceivedMessage[] = [];
  for (let tries = 0; tries < count + 4 && messages.length < count; tries++) {
    messages.push(...(await queue.receive(name, { max, waitMs: 2_000, visibilityMs })));
  }
  return messages;
}

export function receiptsOf(messages: readonly (ReceivedMessage | undefined)[]): string[] {
  return messages.filter((message) => message !== undefined).map((message) => message.receipt);
}
