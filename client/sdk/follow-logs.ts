import { ConnectionError } from "./api-error.ts";
import type { LogEvent } from "../../api/contract/log.ts";
import { readEvents, type ServerEvent } from "./event-stream.ts";
import { route } from "./route.ts";
import type { Transport } from "./transport.ts";

export interface FollowOptions {
  /** Attempt to begin with. Default: the last. */
  readonly attempt?: number;
  readonly signal?: AbortSignal;
  /** A line that is silent for so long is opened anew. Default 60,000; the server writes more often than that. */
  readonly silenceMs?: number;
}

/** Lines in a row that may break without having brought an event. */
const MAX_VAIN_LINES = 10;
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 10_000;

/**
 * Follows a run's log until the run has ended. A line that broke, or that the server has ended before its time, is opened
 * again after the last event that came, so that no entry is missed and none comes twice.
 *
 * @throws {ApiError} when the server refuses
 * @throws {ConnectionError} `interrupted`, when line after line breaks without an event
 */
export async function* followLogs(
  transport: Transport,
  runId: string,
  options: FollowOptions,
): AsyncGenerator<LogEvent> {
  const { attempt, signal, silenceMs = 60_000 } = options;
  const path = route`/v1/runs/${runId}/logs`;
  let cursor: string | undefined;
  for (let vain = 0; vain < MAX_VAIN_LINES; vain++) {
    // Pauses only from the second line on that brings nothing: a line that was merely cut is opened at once.
    if (vain > 1) await transport.sleep(Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (vain - 2)), signal);
    const query = { follow: true, ...(cursor === undefined ? { attempt } : { cursor }) };
    const response = await transport.stream(path, { query, signal, headers: { accept: "text/event-stream" } });
    if (response.body === null) continue;
    try {
      for await (const event of readEvents(response.body, { silenceMs, signal })) {
        // Also after `again`, with which a server that can't keep a line open for long ends it: it has rested already.
        vain = 0;
        cursor = event.id ?? cursor;
        const heard = toLogEvent(event);
        if (heard !== undefined) yield heard;
        if (heard?.event === "end") return;
      }
    } catch (error) {
      // The connection broke in the middle; what the consumer of this generator throws does not come here.
      if (signal?.aborted === true || error instanceof RangeError || error instanceof SyntaxError) throw error;
    }
  }
  const request = { method: "GET", path };
  throw new ConnectionError(`Cannot follow the log of run "${runId}": the connection breaks again and again`, {
    reason: "interrupted",
    request,
  });
}

/** `undefined` for events that a later server may add. */
function toLogEvent({ event, data }: ServerEvent): LogEvent | undefined {
  switch (event) {
    case "entry":
    case "attempt":
    case "end":
      return { event, data: JSON.parse(data) as unknown } as LogEvent;
    default:
      return undefined;
  }
}
