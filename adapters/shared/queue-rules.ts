import { PortError } from "../../core/ports/errors.ts";
import {
  MAX_DELAY_MS,
  MAX_SEND,
  type OutgoingMessage,
  type QueueName,
  type ReceiveOptions,
} from "../../core/ports/queue.ts";

/** The Queue port's rules, checked before anything is done. Each breach is a `PortError` with `INVALID`. */
export const MAX_MESSAGE_BYTES = 256 * 1_024;
export const MAX_RECEIVE = 1_000;
export const MAX_WAIT_MS = 20_000;
export const MAX_VISIBILITY_MS = 12 * 3_600_000;
export const MAX_GROUP_LENGTH = 128;

const QUEUE_NAME = /^[A-Za-z0-9._-]{1,80}$/;

export function checkQueueName(queue: QueueName): void {
  if (!QUEUE_NAME.test(queue)) {
    throw new PortError(
      "INVALID",
      `Cannot use queue ${JSON.stringify(queue)}: names are 1 to 80 letters, digits, '.', '_' and '-'`,
    );
  }
}

export function checkMessages(messages: readonly OutgoingMessage[]): void {
  if (messages.length > MAX_SEND) {
    throw new PortError("INVALID", `Cannot send ${messages.length} messages: a batch has at most ${MAX_SEND}`);
  }
  for (const { body, group, delayMs } of messages) {
    checkRange("delayMs", delayMs, 0, MAX_DELAY_MS);
    if (group.length === 0 || group.length > MAX_GROUP_LENGTH) {
      throw new PortError(
        "INVALID",
        `Cannot send to a group of ${group.length} characters: it has 1 to ${MAX_GROUP_LENGTH}`,
      );
    }
    const bodyBytes = Buffer.byteLength(body);
    if (bodyBytes > MAX_MESSAGE_BYTES) {
      throw new PortError("INVALID", `Cannot send ${bodyBytes} bytes: a body has at most ${MAX_MESSAGE_BYTES}`);
    }
  }
}

export function checkReceive({ max, waitMs, visibilityMs }: ReceiveOptions): void {
  checkMax(max);
  checkRange("waitMs", waitMs, 0, MAX_WAIT_MS);
  checkVisibility(visibilityMs);
}

export function checkMax(max: number): void {
  if (!Number.isInteger(max)) throw new PortError("INVALID", `Cannot use max ${max}: it is a whole number`);
  checkRange("max", max, 1, MAX_RECEIVE);
}

export function checkVisibility(visibilityMs: number): void {
  checkRange("visibilityMs", visibilityMs, 0, MAX_VISIBILITY_MS);
}

function checkRange(name: string, value: number, least: number, most: number): void {
  if (value >= least && value <= most) return;
  throw new PortError("INVALID", `Cannot use ${name} ${value}: it is from ${least} to ${most}`);
}
