import type { LogEntry } from "../../core/ports/run-logs.ts";
import { isEnded } from "../../core/run/run.ts";
import { problem, ProblemError } from "../contract/problem.ts";
import type { runRoutes } from "../contract/run-routes.ts";
import { presentEntry } from "../present/present-entry.ts";
import { EVENT_STREAM, isAccepted } from "../request/check-request.ts";
import { errorText } from "./error-text.ts";
import { eventStream } from "./event-stream.ts";
import { followLog, toldLength } from "./follow-log.ts";
import { getRun } from "./get-run.ts";
import { isLogOver } from "./is-log-over.ts";
import type { HandlersOf } from "./handler.ts";
import { decodeLogCursor, encodeLogCursor, type LogPlace } from "./log-cursor.ts";

/** Logs that one process follows at a time: each is read several times a second. */
const MAX_FOLLOWERS = 256;

export const logHandlers: HandlersOf<Pick<typeof runRoutes, "readLogs">> = {
  async readLogs({ params: { runId }, query, request, requestId }, { core, logs, logger, followers, following }) {
    const { attempt: wanted, limit, follow = prefersEvents(request) } = query;
    const cursor = (follow ? request.headers.get("last-event-id") : null) ?? query.cursor;
    const run = await getRun(core, runId);
    const place: LogPlace = cursor === undefined ? { attempt: wanted ?? run.attempt } : decodeLogCursor(runId, cursor);
    if (follow) {
      if (followers.count >= MAX_FOLLOWERS) throw tooManyFollowers();
      const raw = eventStream((signal) => followLog({ core, logs, following }, runId, { place, signal }), {
        onOpen: () => (followers.count += 1),
        onEnd: () => (followers.count -= 1),
        onError: (error) => logger({ event: "failure", requestId, error: errorText(error) }),
      });
      return { raw };
    }
    const { attempt, next, skip = 0 } = place;
    if (attempt === 0) {
      return {
        status: 200,
        body: { attempt, entries: [], nextCursor: encodeLogCursor(runId, place), closed: isEnded(run) },
      };
    }
    const read = (count: number) =>
      logs.read({ runId, attempt }, { ...(next === undefined ? {} : { cursor: next }), limit: count });
    let page = await read(limit + skip);
    const count = fittingCount(page.entries, { skip, maxLength: following.maxLength });
    const isCut = count < page.entries.length;
    // Read anew rather than cut: only the store knows the cursor of a place within its page.
    if (isCut) page = await read(count);
    const at = { nowMs: core.clock.nowMs(), lagMs: following.lagMs };
    const isOver = page.entries.length < limit + skip && !isCut && isLogOver(run, attempt, at);
    return {
      status: 200,
      body: {
        attempt,
        entries: page.entries.slice(skip).map(presentEntry),
        nextCursor: encodeLogCursor(runId, { attempt, next: page.next }),
        closed: page.closed || isOver,
      },
    };
  },
};

/** How many entries one answer can hold: those that are skipped, one more in any case, and others as long as they fit. */
function fittingCount(
  entries: readonly LogEntry[],
  { skip, maxLength }: { readonly skip: number; readonly maxLength: number },
): number {
  let length = 0;
  const beyond = entries.findIndex((entry, index) => {
    if (index >= skip) length += toldLength(entry);
    return length > maxLength && index > skip;
  });
  return beyond === -1 ? entries.length : beyond;
}

function prefersEvents(request: Request): boolean {
  const accept = request.headers.get("accept") ?? "*/*";
  return isAccepted(accept, EVENT_STREAM) && !isAccepted(accept, "application/json");
}

function tooManyFollowers(): ProblemError {
  const detail = `This server follows at most ${MAX_FOLLOWERS} logs at a time`;
  return new ProblemError(problem("rate-limited", detail), { headers: { "Retry-After": "5" } });
}
