import { onTestFinished } from "vitest";
import { SqsQueue } from "../../../adapters/aws/sqs-queue.ts";
import { SystemClock } from "../../../adapters/shared/system-clock.ts";
import type { Clock } from "../../../core/ports/clock.ts";
import type { OutgoingMessage } from "../../../core/ports/queue.ts";
import { Fauxqs, type SqsAnswer } from "../../support/aws/fauxqs.ts";
import { SeededRandom } from "../../support/seeded-random.ts";

export const NAME = "default.normal";
/** The same rule of names leads to the dead letters of `NAME`. */
export const DEAD_NAME = "default-normal.dead";

export interface SqsRig {
  readonly sqs: Fauxqs;
  readonly queue: SqsQueue;
}

/** A queue with its emulator, for the length of a test. */
export async function openSqs({ clock = new SystemClock() }: { clock?: Clock } = {}): Promise<SqsRig> {
  const sqs = new Fauxqs();
  onTestFinished(() => sqs.close());
  await sqs.createQueues(["default-normal"]);
  const options = { client: sqs.client(), urlPrefix: sqs.urlPrefix, clock, random: new SeededRandom(1) };
  return { sqs, queue: new SqsQueue(options) };
}

export function aMessage(fields: Partial<OutgoingMessage> = {}): OutgoingMessage {
  return { body: "0", group: "default", delayMs: 0, ...fields };
}

/** Sends any number of messages to `name`, with bodies that count from 0. */
export async function sendMany(queue: SqsQueue, name: string, count: number): Promise<void> {
  const messages = Array.from({ length: count }, (_, index) => aMessage({ body: String(index) }));
  for (let from = 0; from < count; from += 10) await queue.send(name, messages.slice(from, from + 10));
}

/** An error of the service. */
export function errorAnswer(name: string, message: string, status = 400): SqsAnswer {
  return { status, body: { __type: `com.amazonaws.sqs#${name}`, message } };
}

export function failureOf(id: string, code: string, { senderFault }: { senderFault: boolean }): object {
  return { Id: id, Code: code, Message: `Not this one.`, SenderFault: senderFault };
}
