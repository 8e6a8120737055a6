import type { CalendarDefinition } from "./definition.ts";
import { DAY_MS } from "./cron-match.ts";
import { quote, ScheduleError } from "./schedule-error.ts";

/** A compiled calendar. Days are counted from 1970-01-01. */
export interface Calendar {
  isOpenOn(day: number): boolean;
}

/** Days from `from` to `to`, both included. */
interface DayRange {
  readonly from: number;
  readonly to: number;
}

const WEEKDAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"] as const;
const THURSDAY = 4;

/**
 * Prepares a calendar: a date is open when `include` holds it; else closed when `exclude` or a closed weekday does;
 * else as `open` says.
 *
 * @throws {ScheduleError} when a range is reversed or a date does not exist; the pointer is inside the calendar
 */
export function compileCalendar(definition: CalendarDefinition): Calendar {
  const { open = "all", closedWeekdays = [], exclude = [], include = [] } = definition;
  const included = compileDates(include, "/include");
  const excluded = compileDates(exclude, "/exclude");
  const closed = new Set<string | undefined>(closedWeekdays);
  return {
    isOpenOn(day) {
      if (holds(included, day)) return true;
      if (holds(excluded, day) || closed.has(weekdayOf(day))) return false;
      return open === "all";
    },
  };
}

/** Whether a local date such as `2026-10-01` is open. */
export function isOpen(calendar: Calendar, localDate: string): boolean {
  return calendar.isOpenOn(dayOf(localDate, ""));
}

function weekdayOf(day: number): string | undefined {
  return WEEKDAYS[(((day + THURSDAY) % 7) + 7) % 7];
}

type Dates = NonNullable<CalendarDefinition["exclude"]>;

/** Ranges in ascending order, merged where they touch. */
function compileDates(dates: Dates, pointer: string): readonly DayRange[] {
  const ranges = dates.map((entry, index) => compileRange(entry, `${pointer}/${index}`));
  ranges.sort((a, b) => a.from - b.from);
  const merged: DayRange[] = [];
  for (const range of ranges) {
    const last = merged.at(-1);
    if (last === undefined || range.from > last.to + 1) merged.push(range);
    else merged[merged.length - 1] = { from: last.from, to: Math.max(last.to, range.to) };
  }
  return merged;
}

function compileRange(entry: Dates[number], pointer: string): DayRange {
  const { from, to } = typeof entry === "string" ? { from: entry, to: entry } : entry;
  const range = { from: dayOf(from, pointer), to: dayOf(to, pointer) };
  if (range.to >= range.from) return range;
  throw new ScheduleError("calendar-range-reversed", {
    pointer,
    message: `Cannot read calendar dates: "to" ${to} is before "from" ${from}`,
  });
}

function dayOf(localDate: string, pointer: string): number {
  const atMs = /^\d{4}-\d\d-\d\d$/.test(localDate) ? Date.parse(`${localDate}T00:00:00Z`) : Number.NaN;
  // Date.parse rolls 30 February over into March.
  if (!Number.isNaN(atMs) && new Date(atMs).toISOString().startsWith(localDate)) return atMs / DAY_MS;
  throw new ScheduleError("date-invalid", {
    pointer,
    message: `Cannot read calendar date: ${quote(localDate)} is not a date such as "2026-10-01"`,
  });
}

/** Binary search in merged ranges. */
function holds(ranges: readonly DayRange[], day: number): boolean {
  let low = 0;
  let high = ranges.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const range = ranges[middle];
    if (range === undefined || range.from > day) high = middle;
    else if (range.to < day) low = middle + 1;
    else return true;
  }
  return false;
}
