import { invalid } from "./fake-logs-errors.ts";

/** A stream: its events in the order of their times, equal ones as they came. */
export interface FakeStream {
  readonly events: FakeEvent[];
  readonly createdAtMs: number;
  /** So far. */
  reads: number;
}

interface FakeEvent {
  readonly timestamp: number;
  readonly message: string;
  /** How often the stream had been read when the event came. */
  readonly readsBefore: number;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const MAX_AGE_MS = 14 * DAY_MS;
const MAX_AHEAD_MS = 2 * HOUR_MS;
const MAX_SPAN_MS = DAY_MS;
const MAX_BATCH_EVENTS = 10_000;
const MAX_BATCH_BYTES = 1_048_576;
const MAX_PAGE_BYTES = 1_048_576;
const OVERHEAD_BYTES = 26;

/** Adds a batch of events, those apart that are too old or too new. */
export function putEvents(stream: FakeStream, input: unknown, nowMs: number): object {
  const events = eventsOf(input);
  checkBatch(events);
  const isTooOld = ({ timestamp }: InputEvent) => timestamp < nowMs - MAX_AGE_MS;
  const isTooNew = ({ timestamp }: InputEvent) => timestamp > nowMs + MAX_AHEAD_MS;
  const accepted = events.filter((event) => !isTooOld(event) && !isTooNew(event));
  const [oldest, newest] = [accepted.at(0), accepted.at(-1)];
  if (oldest !== undefined && newest !== undefined && newest.timestamp - oldest.timestamp > MAX_SPAN_MS) {
    throw invalid("The batch of log events in a single PutLogEvents request cannot span more than 24 hours.");
  }
  stream.events.push(...accepted.map((event) => ({ ...event, readsBefore: stream.reads })));
  stream.events.sort((a, b) => a.timestamp - b.timestamp);
  const rejected = {
    ...(events.some(isTooOld) ? { tooOldLogEventEndIndex: events.findLastIndex(isTooOld) + 1 } : {}),
    ...(events.some(isTooNew) ? { tooNewLogEventStartIndex: events.findIndex(isTooNew) } : {}),
  };
  return {
    nextSequenceToken: "0",
    ...(Object.keys(rejected).length === 0 ? {} : { rejectedLogEventsInfo: rejected }),
  };
}

/**
 * A page from a token on. A token is `f/<events before it>/s`, forwards alone; the page that ends where it began gives its
 * own token back.
 */
export function getEvents(
  stream: FakeStream,
  input: Readonly<Record<string, unknown>>,
  { hiddenReads, maxPageEvents }: { readonly hiddenReads: number; readonly maxPageEvents: number },
): object {
  const { limit = MAX_BATCH_EVENTS, nextToken = "f/0/s", startFromHead } = input;
  if (startFromHead !== true) throw invalid("this stand-in reads from the head alone: startFromHead is true");
  if (typeof limit !== "number" || limit < 1 || limit > MAX_BATCH_EVENTS) throw invalid("limit is from 1 to 10000");
  const start = typeof nextToken === "string" ? /^f\/(\d{1,9})\/s$/.exec(nextToken)?.[1] : undefined;
  if (start === undefined) throw invalid("The specified nextToken is invalid.");
  stream.reads += 1;
  const events: FakeEvent[] = [];
  let bytes = 0;
  for (const event of stream.events.slice(Number(start))) {
    bytes += Buffer.byteLength(event.message) + OVERHEAD_BYTES;
    const isHidden = stream.reads - event.readsBefore <= hiddenReads;
    if (isHidden || events.length === Math.min(limit, maxPageEvents) || bytes > MAX_PAGE_BYTES) break;
    events.push(event);
  }
  return {
    events: events.map(({ timestamp, message }) => ({ timestamp, message, ingestionTime: timestamp })),
    nextForwardToken: `f/${Number(start) + events.length}/s`,
    nextBackwardToken: `b/${start}/s`,
  };
}

interface InputEvent {
  readonly timestamp: number;
  readonly message: string;
}

function eventsOf(input: unknown): readonly InputEvent[] {
  if (!Array.isArray(input) || input.length === 0) throw invalid("logEvents has at least 1 member");
  return input.map((each: unknown) => {
    if (typeof each !== "object" || each === null || !("timestamp" in each) || !("message" in each))
      throw invalid("an event has a timestamp and a message");
    const { timestamp, message } = each;
    if (!Number.isInteger(timestamp) || typeof timestamp !== "number" || timestamp < 0) throw invalid("timestamp");
    if (typeof message !== "string" || message === "") throw invalid("message has at least 1 character");
    return { timestamp, message };
  });
}

function checkBatch(events: readonly InputEvent[]): void {
  if (events.length > MAX_BATCH_EVENTS) throw invalid("logEvents has at most 10000 members");
  const bytes = events.reduce((sum, { message }) => sum + Buffer.byteLength(message) + OVERHEAD_BYTES, 0);
  if (bytes > MAX_BATCH_BYTES) throw invalid(`Upload too large: ${bytes} bytes exceeds limit of ${MAX_BATCH_BYTES}`);
  for (const [index, { timestamp }] of events.entries()) {
    if (timestamp < (events[index - 1]?.timestamp ?? 0))
      throw invalid("Log events in a single PutLogEvents request must be in chronological order.");
  }
}
