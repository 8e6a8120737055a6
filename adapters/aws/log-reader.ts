import {
  type CloudWatchLogsClient,
  DescribeLogStreamsCommand,
  GetLogEventsCommand,
} from "@aws-sdk/client-cloudwatch-logs";
import { PortError } from "../../core/ports/errors.ts";
import type { LogEntry, LogPage } from "../../core/ports/run-logs.ts";
import { parseEvent, type StreamEvent } from "./log-events.ts";
import type { StreamRef } from "./log-stream-writer.ts";
import { portError } from "./sdk-errors.ts";

/**
 * Cursors: `start`, before the first event; `at:<token>`, where the service's `nextForwardToken` leads, for 24 hours; `end`,
 * behind the event that ends the stream.
 */
const START = "start";
const END = "end";
const CURSOR = /^(?:start|end|at:[\x21-\x7e]{1,1000})$/;

const MAX_EVENTS_A_REQUEST = 10_000;
/** The service gives at most 1 MB at a time, and less when it likes: a whole log of 10 MB needs about a dozen requests. */
const MAX_REQUESTS = 40;

/**
 * A page of a stream. The service may give a part of what there is, or nothing, and go on; only when it gives back the token
 * that it was given is it at the end. So it is asked until the page is full or that is so: a page that is not full is the last.
 */
export async function readLogStream(
  client: CloudWatchLogsClient,
  stream: StreamRef,
  { cursor = START, limit }: { readonly cursor?: string; readonly limit: number },
): Promise<LogPage> {
  if (!CURSOR.test(cursor)) {
    throw new PortError("INVALID", `Cannot read from cursor ${JSON.stringify(cursor)}: it is the "next" of a page`);
  }
  if (!Number.isInteger(limit) || limit < 1) throw new PortError("INVALID", `Cannot read ${limit} entries: at least 1`);
  if (cursor === END) return { entries: [], next: END, closed: true };

  const entries: LogEntry[] = [];
  let next = cursor;
  for (let requests = 0; requests < MAX_REQUESTS && entries.length < limit; requests += 1) {
    const token = next === START ? undefined : next.slice("at:".length);
    const part = await getEvents(client, stream, { token, limit: limit - entries.length });
    // A token of a stream that shows nothing yet could lie behind what it shows soon.
    if (part === undefined || (next === START && part.events.length === 0)) break;
    for (const event of part.events) {
      const parsed = parseEvent(event);
      if (parsed.kind === "end") return { entries, next: END, closed: true };
      if (parsed.kind === "entry") entries.push(parsed.entry);
    }
    if (part.next === undefined || part.next === token) break;
    next = `at:${part.next}`;
  }
  return { entries, next, closed: false };
}

interface Part {
  readonly events: readonly StreamEvent[];
  readonly next: string | undefined;
}

/** @returns `undefined` when there is no such stream, or none yet */
async function getEvents(
  client: CloudWatchLogsClient,
  stream: StreamRef,
  { token, limit }: { readonly token: string | undefined; readonly limit: number },
): Promise<Part | undefined> {
  const command = new GetLogEventsCommand({
    ...stream,
    startFromHead: true,
    limit: Math.min(limit, MAX_EVENTS_A_REQUEST),
    ...(token === undefined ? {} : { nextToken: token }),
  });
  try {
    const { events = [], nextForwardToken } = await client.send(command);
    return {
      events: events.map(({ timestamp = 0, message = "" }) => ({ timestamp, message })),
      next: nextForwardToken,
    };
  } catch (error) {
    if (await isStreamMissing(error, { client, stream })) return undefined;
    const { logGroupName, logStreamName } = stream;
    throw portError(`Cannot read log stream "${logStreamName}" of group "${logGroupName}"`, error, { reading: true });
  }
}

/**
 * Whether it is the stream that is missing, which comes with the first line, and not the whole group. The service has one
 * error for both, and its words are no contract: unless they name the stream, the group is looked for.
 */
async function isStreamMissing(
  error: unknown,
  { client, stream }: { readonly client: CloudWatchLogsClient; readonly stream: StreamRef },
): Promise<boolean> {
  if (!(error instanceof Error) || error.name !== "ResourceNotFoundException") return false;
  if (/log stream/i.test(error.message)) return true;
  const { logGroupName } = stream;
  const found = client.send(new DescribeLogStreamsCommand({ logGroupName, limit: 1 }));
  return found.then(
    () => true,
    () => false,
  );
}
