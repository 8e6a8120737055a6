import type { ScheduleDefinition } from "./definition.ts";
import { MAX_INSTANT_MS } from "./last-instant.ts";
import { readInstant } from "./instant.ts";
import type { ScheduleContext } from "./schedule.ts";
import { ScheduleError } from "./schedule-error.ts";

/** The time in which a schedule may have slots. */
export interface Window {
  readonly startAtMs: number | undefined;
  /** The first instant at which a slot may be: at `startAt` or later, and after the version's commit. */
  readonly fromMs: number;
  /** The first instant at which none may be any more: `endAt`, else the end of 2100. */
  readonly endMs: number;
}

/** @throws {ScheduleError} `window-empty`, or when an instant cannot be read */
export function readWindow(definition: ScheduleDefinition, context: ScheduleContext): Window {
  const { startAt, endAt } = definition;
  const startAtMs = startAt === undefined ? undefined : readInstant(startAt, "/startAt");
  const endAtMs = endAt === undefined ? undefined : readInstant(endAt, "/endAt");
  if (endAtMs !== undefined && startAtMs !== undefined && endAtMs <= startAtMs) {
    throw emptyWindow(`endAt ${endAt} is not after startAt ${startAt}`);
  }
  if (endAtMs !== undefined && endAtMs <= context.sinceMs) {
    throw emptyWindow(`endAt ${endAt} is not after now, ${new Date(context.sinceMs).toISOString()}`);
  }
  return {
    startAtMs,
    fromMs: Math.max(0, Math.floor(context.sinceMs) + 1, startAtMs ?? 0),
    endMs: endAtMs ?? MAX_INSTANT_MS + 1,
  };
}

export function emptyWindow(problem: string): ScheduleError {
  return new ScheduleError("window-empty", { pointer: "/endAt", message: `Cannot use schedule: ${problem}` });
}
