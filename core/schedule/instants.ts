import type { ScheduleDefinition } from "./definition.ts";
import { readInstant } from "./instant.ts";
import type { ScheduleContext } from "./schedule.ts";
import { quote, ScheduleError } from "./schedule-error.ts";
import { emptyWindow, type Window } from "./window.ts";

/**
 * The instants of `at` or `dates`, in ascending order.
 *
 * @throws {ScheduleError} when one cannot be read or is listed twice, or when none of them can be a slot
 */
export function readInstants(
  definition: Pick<ScheduleDefinition, "at" | "dates">,
  window: Window,
  context: ScheduleContext,
): number[] {
  const { at, dates = [] } = definition;
  const instants = at === undefined ? readDates(dates) : [readInstant(at, "/at")];
  if (instants.every((atMs) => atMs <= context.sinceMs)) {
    const nowText = new Date(context.sinceMs).toISOString();
    throw new ScheduleError("at-in-past", {
      pointer: at === undefined ? "/dates" : "/at",
      message: `Cannot schedule ${at ?? "dates"}: not after now, ${nowText}; to run at once, start a run`,
    });
  }
  if (!instants.some((atMs) => atMs >= window.fromMs && atMs < window.endMs)) {
    throw emptyWindow("no given instant lies between startAt and endAt");
  }
  return instants;
}

function readDates(dates: readonly string[]): number[] {
  const instants = new Set<number>();
  for (const [index, text] of dates.entries()) {
    const pointer = `/dates/${index}`;
    const atMs = readInstant(text, pointer);
    if (instants.has(atMs)) {
      throw new ScheduleError("dates-duplicate", {
        pointer,
        message: `Cannot use dates: ${quote(text)} is listed twice`,
      });
    }
    instants.add(atMs);
  }
  return [...instants].sort((a, b) => a - b);
}
