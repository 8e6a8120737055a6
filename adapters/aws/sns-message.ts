import type { PublishCommandInput } from "@aws-sdk/client-sns";
import type { Alert } from "../../core/ports/notifier.ts";

/**
 * An alert as a message to a topic: text for the people who get it by email, and the alert itself as JSON in the
 * attribute `alert` for programs (`findAlert`). The attribute `namespace` lets subscriptions filter.
 */
export function topicMessage(alert: Alert): Pick<PublishCommandInput, "Subject" | "Message" | "MessageAttributes"> {
  const { id, atMs, namespace } = alert;
  const subject = cut(alert.subject, MAX_SUBJECT_CHARACTERS);
  const text = cut(alert.text, MAX_TEXT_CHARACTERS);
  const facts = [`Namespace: ${namespace}`, `At: ${new Date(atMs).toISOString()}`, `Alert: ${id}`];
  return {
    Subject: emailSubject(`[${namespace}] ${subject}`),
    Message: printable([subject, text, facts.join("\n")].join("\n\n")),
    MessageAttributes: {
      alert: stringAttribute(JSON.stringify({ id, atMs, namespace, subject, text })),
      namespace: stringAttribute(namespace),
    },
  };
}

/** The alert in the attribute `alert` of a message; `undefined` when it is none: others may publish to the topic too. */
export function findAlert(attribute: string): Alert | undefined {
  let value: unknown;
  try {
    value = JSON.parse(attribute);
  } catch {
    return undefined;
  }
  return isAlert(value) ? value : undefined;
}

/** An alert in one short message: each further one costs as much again. */
export function smsText({ namespace, subject, text }: Alert): string {
  const message = printable(`Carillon ${namespace}: ${subject}: ${text}`).replaceAll(/\s+/g, " ").trim();
  return cut(message, SEVEN_BIT.test(message) ? MAX_SMS_CHARACTERS : MAX_UNICODE_SMS_CHARACTERS);
}

/** A message has at most 256 KB with its attributes, and a character of the attribute may take six bytes. */
const MAX_TEXT_CHARACTERS = 16_000;
const MAX_SUBJECT_CHARACTERS = 1_000;
/** "Less than 100"; and plain ASCII, since not every mail system takes more. */
const MAX_EMAIL_SUBJECT_CHARACTERS = 99;
/** One message of the GSM alphabet, and of UCS-2, which is taken as soon as one character is of no other. */
const MAX_SMS_CHARACTERS = 160;
const MAX_UNICODE_SMS_CHARACTERS = 70;
/** The characters of ASCII that take one place in the GSM alphabet. */
const SEVEN_BIT = /^[A-Za-z0-9 @$_!"#%&'()*+,\-./:;<=>?]*$/;

/** Without line breaks and control characters, and something in any case. */
function emailSubject(text: string): string {
  const ascii = text
    .replaceAll(/[\p{Cc}\s]+/gu, " ")
    .replaceAll(/[^\x20-\x7e]/gu, "?")
    .trim();
  return cut(ascii, MAX_EMAIL_SUBJECT_CHARACTERS);
}

/** Without the control characters that XML, and so the service, does not know. */
function printable(text: string): string {
  return text.replaceAll(/[^\t\n\r\x20-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, "\ufffd");
}

/** Never within a character. */
function cut(text: string, maxCharacters: number): string {
  if (text.length <= maxCharacters) return text;
  return `${text.slice(0, maxCharacters - 3).replace(/[\ud800-\udbff]$/, "")}...`;
}

function isAlert(value: unknown): value is Alert {
  if (typeof value !== "object" || value === null || !("atMs" in value) || !Number.isFinite(value.atMs)) return false;
  return ["id", "namespace", "subject", "text"].every((name) => typeof Reflect.get(value, name) === "string");
}

function stringAttribute(value: string) {
  return { DataType: "String", StringValue: value };
}
