import type { SNSMessage } from "aws-lambda";
import { findAlert } from "../../adapters/aws/sns-message.ts";
import type { Alert } from "../../core/ports/notifier.ts";
import { PLATFORM_AUDIT } from "../../core/store/audit-store.ts";

/** What an alarm of CloudWatch tells a topic; only what is used. */
interface AlarmNotice {
  readonly AlarmName: string;
  readonly AlarmDescription?: string | null;
  readonly NewStateValue: string;
  readonly NewStateReason?: string;
  readonly StateChangeTime?: string;
}

/**
 * The alert that a message of the topic holds: one of Carillon's own, an alarm of CloudWatch, or whatever else publishes
 * there, word for word. The id is the same whenever the message comes, so that receivers can drop repeats.
 */
export function readAlert(message: Pick<SNSMessage, Fields>): Alert {
  const { MessageId: id, Timestamp, Subject, Message: text, MessageAttributes } = message;
  // Whoever publishes an alert of Carillon puts it there whole; the text is for people.
  const alert = findAlert(MessageAttributes["alert"]?.Value ?? "");
  if (alert !== undefined) return alert;
  const sentAtMs = Date.parse(Timestamp);
  const content = parseObject(text);
  if (isAlarm(content)) return alertOf(content, { id, sentAtMs });
  return { id, atMs: sentAtMs, namespace: PLATFORM_AUDIT, subject: Subject ?? "Notice", text };
}

type Fields = "MessageId" | "Timestamp" | "Subject" | "Message" | "MessageAttributes";

function alertOf(alarm: AlarmNotice, { id, sentAtMs }: { id: string; sentAtMs: number }): Alert {
  const { AlarmName, AlarmDescription, NewStateValue, NewStateReason, StateChangeTime = "" } = alarm;
  const changedAtMs = Date.parse(StateChangeTime);
  return {
    id,
    atMs: Number.isNaN(changedAtMs) ? sentAtMs : changedAtMs,
    namespace: PLATFORM_AUDIT,
    subject: `${NewStateValue}: ${AlarmName}`,
    text: [AlarmDescription, NewStateReason].filter((part) => part).join("\n"),
  };
}

function isAlarm(value: Partial<Record<string, unknown>>): value is AlarmNotice & Record<string, unknown> {
  return typeof value["AlarmName"] === "string" && typeof value["NewStateValue"] === "string";
}

function parseObject(text: string): Partial<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? value : {};
  } catch {
    return {};
  }
}
