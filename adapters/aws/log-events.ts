import type { LogEntry } from "../../core/ports/run-logs.ts";
import { cutEntry, splitText } from "../shared/log-text.ts";

/**
 * The events of a log stream. Each message is a JSON object:
 *
 * - `{"source":"stdout","text":"..."}`: an entry. `"atMs"` is there when the event could not have the entry's time.
 * - `{"end":true}`: nothing comes behind.
 *
 * The text is wrapped, never the message itself: CloudWatch would make metrics, billed to the owner of the account, from
 * a message that is a document of the embedded metric format, and jobs print what they like.
 */
export interface StreamEvent {
  /** Whole epoch milliseconds. */
  readonly timestamp: number;
  readonly message: string;
}

export interface EventBatch {
  readonly events: readonly StreamEvent[];
  /** As the service counts them. */
  readonly bytes: number;
}

export interface BatchLimits {
  readonly nowMs: number;
  /** The time of the newest event of the stream. */
  readonly lastMs: number;
  /** What the attempt may still write. */
  readonly roomBytes: number;
}

/**
 * The entries as events, in batches that the service accepts. The service sorts by time, the port by append: so no event
 * is older than the one before it, and a batch begins after the end of the last one, since nothing is documented on the
 * order of equal times of two batches. Nor is one more than an hour away from the clock, where the service refuses what
 * is older than 14 days or the group's retention, more than 2 hours ahead, or spans more than a day within a batch.
 *
 * @returns the batches, and whether there was no room for all: then the last event says that the rest is cut
 * @see https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html
 */
export function batchesOf(
  entries: readonly LogEntry[],
  { nowMs, lastMs, roomBytes }: BatchLimits,
): { readonly batches: readonly EventBatch[]; readonly isCut: boolean } {
  const batches: { events: StreamEvent[]; bytes: number }[] = [];
  let leftBytes = roomBytes - CUT_EVENT_BYTES;
  let newestMs = lastMs;
  const add = (entry: LogEntry) => {
    const batch = batches.at(-1);
    let event = eventOf(entry, { nowMs, notBeforeMs: batch === undefined ? newestMs + 1 : newestMs });
    if (batch === undefined || isFull(batch, event)) {
      event = eventOf(entry, { nowMs, notBeforeMs: newestMs + 1 });
      batches.push({ events: [event], bytes: sizeOf(event) });
    } else {
      batch.events.push(event);
      batch.bytes += sizeOf(event);
    }
    newestMs = event.timestamp;
  };
  for (const entry of entries) {
    for (const text of splitText(entry.text)) {
      const piece = { ...entry, text };
      leftBytes -= sizeOf(eventOf(piece, { nowMs, notBeforeMs: newestMs + 1 }));
      if (leftBytes < 0) {
        add(cutEntry(entry.atMs));
        return { batches, isCut: true };
      }
      add(piece);
    }
  }
  return { batches, isCut: false };
}

/** The event behind which nothing comes. */
export function endEvent({ nowMs, lastMs }: { readonly nowMs: number; readonly lastMs: number }): StreamEvent {
  return { timestamp: Math.max(Math.floor(nowMs), lastMs + 1), message: END_MESSAGE };
}

export type ParsedEvent =
  | { readonly kind: "entry"; readonly entry: LogEntry }
  | { readonly kind: "end" }
  | { readonly kind: "foreign" };

/** What an event says. Whoever may write to the log group can add events of their own: they are foreign. */
export function parseEvent({ timestamp, message }: StreamEvent): ParsedEvent {
  if (message === END_MESSAGE) return { kind: "end" };
  let value: unknown;
  try {
    value = JSON.parse(message);
  } catch {
    return { kind: "foreign" };
  }
  if (typeof value !== "object" || value === null || !("source" in value) || !("text" in value))
    return { kind: "foreign" };
  const { source, text } = value;
  if (!isSource(source) || typeof text !== "string") return { kind: "foreign" };
  const atMs = "atMs" in value && typeof value.atMs === "number" ? value.atMs : timestamp;
  return { kind: "entry", entry: { atMs, source, text } };
}

const END_MESSAGE = '{"end":true}';
const HOUR_MS = 3_600_000;
const MAX_BATCH_EVENTS = 10_000;
const MAX_BATCH_BYTES = 1_048_576;
/** What the service counts for an event beside its message. */
const EVENT_OVERHEAD_BYTES = 26;
/** Kept free for the event that says that the rest was cut. */
const CUT_EVENT_BYTES = 160;

function eventOf(entry: LogEntry, times: { readonly nowMs: number; readonly notBeforeMs: number }): StreamEvent {
  const { source, text } = entry;
  const atMs = Math.floor(entry.atMs);
  const nowMs = Math.floor(times.nowMs);
  const nearMs = Math.min(Math.max(atMs, nowMs - HOUR_MS), nowMs + HOUR_MS);
  const timestamp = Math.max(nearMs, times.notBeforeMs);
  return { timestamp, message: JSON.stringify({ source, text, ...(timestamp === atMs ? {} : { atMs }) }) };
}

function isFull(batch: { readonly events: readonly StreamEvent[]; readonly bytes: number }, event: StreamEvent) {
  return batch.events.length === MAX_BATCH_EVENTS || batch.bytes + sizeOf(event) > MAX_BATCH_BYTES;
}

function sizeOf({ message }: StreamEvent): number {
  return Buffer.byteLength(message) + EVENT_OVERHEAD_BYTES;
}

function isSource(value: unknown): value is LogEntry["source"] {
  return value === "stdout" || value === "stderr" || value === "system";
}
