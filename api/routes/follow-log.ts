import { isEnded } from "../../core/run/run.ts";
import type { RunLogs } from "../../core/ports/run-logs.ts";
import type { Core } from "../../core/services/core.ts";
import type { LogEvent } from "../contract/log.ts";
import { getRun } from "./get-run.ts";
import { encodeLogCursor, type LogPlace, MAX_SKIP } from "./log-cursor.ts";
import { presentEntry } from "../present/present-entry.ts";

/** What a follower is sent: an event with the cursor to go on after it, or a sign of life. */
export type FollowerEvent = (LogEvent & { readonly id?: string }) | "heartbeat";

const LOOK_MS = 200;
const HEARTBEAT_MS = 15_000;
/** Then the stream ends without `end`, and the reader comes back with a token that is checked anew. */
const LONGEST_MS = 3_600_000;

/**
 * Follows the log of a run from a place on, across attempts, until the run has ended and everything was told.
 *
 * The run is read before its log: when it has ended by then, and its log holds no more, nothing was missed.
 */
export async function* followLog(
  { core, logs }: { readonly core: Core; readonly logs: RunLogs },
  runId: string,
  { place, signal }: { readonly place: LogPlace; readonly signal: AbortSignal },
): AsyncGenerator<FollowerEvent> {
  let { attempt, next, skip = 0 } = place;
  let isAnnounced = place.next !== undefined || skip > 0;
  let silentSinceMs = core.clock.monotonicMs();
  const untilMs = silentSinceMs + LONGEST_MS;
  while (!signal.aborted && core.clock.monotonicMs() < untilMs) {
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
      for (const [index, entry] of page.entries.entries()) {
        if (index < skip) continue;
        const id = encodeLogCursor(runId, { attempt, next, skip: index + 1 });
        yield { event: "entry", data: { attempt, ...presentEntry(entry) }, id };
        silentSinceMs = core.clock.monotonicMs();
      }
      const isNothingNew = page.entries.length <= skip && page.entries.length < MAX_SKIP;
      isOver = isNothingNew && (page.closed || attempt < run.attempt || isEnded(run));
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
    if (core.clock.monotonicMs() - silentSinceMs >= HEARTBEAT_MS) {
      yield "heartbeat";
      silentSinceMs = core.clock.monotonicMs();
    }
    await core.clock.sleep(LOOK_MS, signal);
  }
}
