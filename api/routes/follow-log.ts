import { isEnded } from "../../core/run/run.ts";
import type { LogEntry, RunLogs } from "../../core/ports/run-logs.ts";
import type { Core } from "../../core/services/core.ts";
import type { LogEvent } from "../contract/log.ts";
import { getRun } from "./get-run.ts";
import { encodeLogCursor, type LogPlace, MAX_SKIP } from "./log-cursor.ts";
import { isLogOver } from "./is-log-over.ts";
import { presentEntry } from "../present/present-entry.ts";

/**
 * What a follower is sent: an event with the cursor to go on after it, `again` when the stream ends before the log does
 * and the follower should come back at once, or a sign of life.
 */
export type FollowerEvent =
  | (LogEvent & { readonly id?: string })
  | { readonly event: "again"; readonly data: object; readonly id: string }
  | "heartbeat";

/** How a host lets logs be followed. */
export interface FollowPolicy {
  /** Rest between two looks at the log. */
  readonly lookMs: number;
  /** Then the stream ends with `again`, and the reader comes back with a token that is checked anew. */
  readonly maxMs: number;
  /** It ends likewise after so many characters of log, give or take one entry; so does a page. */
  readonly maxLength: number;
  /** What was written may be seen so much later. */
  readonly lagMs: number;
  /** It also ends, after one rest at least, when everything was told: nothing of it arrives before it has ended. */
  readonly isCollected: boolean;
}

/** For a host that passes each event on as it comes. */
export const STREAMED: FollowPolicy = {
  lookMs: 200,
  maxMs: 3_600_000,
  maxLength: Infinity,
  lagMs: 0,
  isCollected: false,
};

/**
 * For a host that answers with a whole stream at once, of a few megabytes and within seconds: the follower hears of a
 * line about a second late, or some more: CloudWatch Logs shows what was written after a while. A character is at most 7
 * bytes, escaped twice.
 */
export const COLLECTED: FollowPolicy = {
  lookMs: 1_000,
  maxMs: 3_000,
  maxLength: 500_000,
  lagMs: 3_000,
  isCollected: true,
};

const HEARTBEAT_MS = 15_000;
/** What is sent with each entry besides its text, about. */
const ENTRY_OVERHEAD = 250;

/** About how many characters it takes to tell an entry. */
export function toldLength(entry: LogEntry): number {
  return entry.text.length + ENTRY_OVERHEAD;
}

/**
 * Follows the log of a run from a place on, across attempts, until the run has ended and everything was told.
 *
 * The run is read before its log: when it has ended by then, and its log holds no more, nothing was missed.
 */
export async function* followLog(
  { core, logs, following }: { readonly core: Core; readonly logs: RunLogs; readonly following: FollowPolicy },
  runId: string,
  { place, signal }: { readonly place: LogPlace; readonly signal: AbortSignal },
): AsyncGenerator<FollowerEvent> {
  let { attempt, next, skip = 0 } = place;
  let isAnnounced = place.isAnnounced === true || place.next !== undefined || skip > 0;
  let silentSinceMs = core.clock.monotonicMs();
  let length = 0;
  let rests = 0;
  const untilMs = silentSinceMs + following.maxMs;
  while (!signal.aborted && core.clock.monotonicMs() < untilMs && length < following.maxLength) {
    const run = await getRun(core, runId);
    if (attempt === 0 && run.attempt > 0) attempt = 1;
    let isOver = true;
    if (attempt > 0 && attempt <= run.attempt) {
      if (!isAnnounced) yield { event: "attempt", data: { attempt } };
      isAnnounced = true;
      const page = await logs.read(
        { runId, attempt },
        { limit: MAX_SKIP, ...(next === undefined ? {} : { cursor: next }) },
      );
      let told = skip;
      for (const entry of page.entries.slice(skip)) {
        if (length >= following.maxLength) break;
        told += 1;
        const id = encodeLogCursor(runId, { attempt, next, skip: told });
        yield { event: "entry", data: { attempt, ...presentEntry(entry) }, id };
        length += toldLength(entry);
        silentSinceMs = core.clock.monotonicMs();
      }
      if (told < page.entries.length) {
        skip = told;
        break;
      }
      const isNothingNew = page.entries.length <= skip && page.entries.length < MAX_SKIP;
      const at = { nowMs: core.clock.nowMs(), lagMs: following.lagMs };
      isOver = isNothingNew && (page.closed || isLogOver(run, attempt, at));
      if (page.entries.length > 0) [next, skip] = [page.next, 0];
      if (page.entries.length === MAX_SKIP) continue;
    }
    if (isOver && attempt < run.attempt) {
      [attempt, next, skip, isAnnounced] = [attempt + 1, undefined, 0, false];
      continue;
    }
    if (isOver && isEnded(run)) {
      yield { event: "end", data: { status: run.status } };
      return;
    }
    if (following.isCollected && length > 0 && rests > 0) break;
    if (core.clock.monotonicMs() - silentSinceMs >= HEARTBEAT_MS) {
      yield "heartbeat";
      silentSinceMs = core.clock.monotonicMs();
    }
    await core.clock.sleep(following.lookMs, signal);
    rests += 1;
  }
  if (!signal.aborted) {
    yield { event: "again", data: {}, id: encodeLogCursor(runId, { attempt, next, skip, isAnnounced }) };
  }
}
