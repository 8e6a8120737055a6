import { isEnded } from "../../core/run/run.ts";
import { problem, ProblemError } from "../contract/problem.ts";
import type { runRoutes } from "../contract/run-routes.ts";
import { presentEntry } from "../present/present-entry.ts";
import { EVENT_STREAM, isAccepted } from "../request/check-request.ts";
import { errorText } from "./error-text.ts";
import { eventStream } from "./event-stream.ts";
import { followLog } from "./follow-log.ts";
import { getRun } from "./get-run.ts";
import type { HandlersOf } from "./handler.ts";
import { decodeLogCursor, encodeLogCursor, type LogPlace } from "./log-cursor.ts";

/** Logs that one process follows at a time: each is read several times a second. */
const MAX_FOLLOWERS = 256;

export const logHandlers: HandlersOf<Pick<typeof runRoutes, "readLogs">> = {
  async readLogs({ params: { runId }, query, request, requestId }, { core, logs, logger, followers }) {
    const { attempt: wanted, cursor, limit, follow = prefersEvents(request) } = query;
    const run = await getRun(core, runId);
    const place: LogPlace = cursor === undefined ? { attempt: wanted ?? run.attempt } : decodeLogCursor(runId, cursor);
    if (follow) {
      if (followers.count >= MAX_FOLLOWERS) throw tooManyFollowers();
      const raw = eventStream((signal) => followLog({ core, logs }, runId, { place, signal }), {
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
    const page = await logs.read(
      { runId, attempt },
      { ...(next === undefined ? {} : { cursor: next }), limit: limit + skip },
    );
    // An attempt whose worker was lost never closes its log.
    const isOver = (attempt < run.attempt || isEnded(run)) && page.entries.length < limit + skip;
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

function prefersEvents(request: Request): boolean {
  const accept = request.headers.get("accept") ?? "*/*";
  return isAccepted(accept, EVENT_STREAM) && !isAccepted(accept, "application/json");
}

function tooManyFollowers(): ProblemError {
  const detail = `This server follows at most ${MAX_FOLLOWERS} logs at a time`;
  return new ProblemError(problem("rate-limited", detail), { headers: { "Retry-After": "5" } });
}
