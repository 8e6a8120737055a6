import type { Message, SendMessageBatchRequestEntry } from "@aws-sdk/client-sqs";
import { PortError } from "../../core/ports/errors.ts";
import type { DeadLetter, OutgoingMessage, ReceivedMessage } from "../../core/ports/queue.ts";

/** The group travels twice: as the service's own, which some emulators drop, and as this attribute. */
const GROUP_ATTRIBUTE = "group";
const ATTRIBUTE_TYPE = "String";

/** What every receive asks for beside body and receipt. */
export const RECEIVED_ATTRIBUTES = {
  MessageAttributeNames: [GROUP_ATTRIBUTE],
  MessageSystemAttributeNames: ["ApproximateReceiveCount", "SentTimestamp", "MessageGroupId"],
} as const;

/**
 * Characters that SQS takes as a group: letters, digits and punctuation of ASCII, no space. Namespaces are of `a-z0-9_-`.
 *
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html
 */
const GROUP = /^[!-~]+$/;

/** A character that SQS takes in no body. In a JSON text it may stand escaped. Source: as above. */
const REFUSED_CHARACTER = /[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/u;

/** @throws {PortError} `INVALID` for what SQS would refuse beyond the port's own rules */
export function checkForSqs(messages: readonly OutgoingMessage[]): void {
  for (const { group, body } of messages) {
    if (!GROUP.test(group)) {
      throw new PortError(
        "INVALID",
        `Cannot send to group ${JSON.stringify(group)}: groups on SQS are of ASCII letters, digits and punctuation`,
      );
    }
    const refused = REFUSED_CHARACTER.exec(body)?.[0];
    if (refused !== undefined) {
      const code = refused.charCodeAt(0).toString(16).padStart(4, "0");
      throw new PortError("INVALID", `Cannot send a body with character U+${code}: SQS takes it only escaped`);
    }
  }
}

/** A delay is rounded down; it is always given, since the queue may have a default. */
export function entryOf({ body, group, delayMs }: OutgoingMessage, index: number): SendMessageBatchRequestEntry {
  const entry = { Id: String(index), MessageBody: body, DelaySeconds: Math.floor(delayMs / 1_000) };
  if (group === "") return entry;
  const attribute = { DataType: ATTRIBUTE_TYPE, StringValue: group };
  return { ...entry, MessageGroupId: group, MessageAttributes: { [GROUP_ATTRIBUTE]: attribute } };
}

/** What a message counts for in the size of its batch: its body and its attribute, name and type included. */
export function sizeOf({ body, group }: OutgoingMessage): number {
  return Buffer.byteLength(body) + GROUP_ATTRIBUTE.length + ATTRIBUTE_TYPE.length + 2 * group.length;
}

export function receivedOf(message: Message): ReceivedMessage {
  return { ...deadLetterOf(message), receipt: message.ReceiptHandle ?? "" };
}

/** A message that somebody else has sent may have no group: then it is `""`. */
export function deadLetterOf({ Body = "", MessageAttributes, Attributes }: Message): DeadLetter {
  const group = MessageAttributes?.[GROUP_ATTRIBUTE]?.StringValue ?? Attributes?.MessageGroupId ?? "";
  return { body: Body, group, receives: Number(Attributes?.ApproximateReceiveCount ?? 1) };
}

/** When the message was first sent, epoch milliseconds; its way to the dead letters does not change it. */
export function sentAtMs({ Attributes }: Message): number {
  return Number(Attributes?.SentTimestamp ?? 0);
}

export function receiptsOf(messages: readonly Message[]): string[] {
  return messages.map(({ ReceiptHandle = "" }) => ReceiptHandle);
}
