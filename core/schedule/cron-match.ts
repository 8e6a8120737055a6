import type { Cron } from "./cron.ts";
import type { DaysOfMonth, DaysOfWeek } from "./cron-day-fields.ts";
import { LAST_YEAR } from "./cron-field.ts";

const SECOND_MS = 1_000;
export const DAY_MS = 86_400_000;

/**
 * The first local time at or after `fromLocalMs` that the expression matches, until the end of 2100. Local times are
 * milliseconds on a calendar without offsets: the wall clock's reading taken as if it were UTC.
 */
export function nextLocalMatch(cron: Cron, fromLocalMs: number): number | undefined {
  const fromMs = Math.ceil(fromLocalMs / SECOND_MS) * SECOND_MS;
  const today = Math.floor(fromMs / DAY_MS);
  const timeMs = nextTimeOfDay(cron, fromMs - today * DAY_MS);
  const day = nextDay(cron, timeMs === undefined ? today + 1 : today);
  if (day === undefined) return undefined;
  return day * DAY_MS + (day === today && timeMs !== undefined ? timeMs : firstTimeOfDay(cron));
}

/** The days of a month that the expression matches, as bits: day 1 is bit 0. Both day fields given: either matches. */
export function matchingDays(cron: Cron, year: number, month: number): number {
  const { daysOfMonth, daysOfWeek } = cron;
  const shape = {
    length: new Date(Date.UTC(year, month, 0)).getUTCDate(),
    firstWeekday: new Date(Date.UTC(year, month - 1, 1)).getUTCDay(),
  };
  const all = 2 ** shape.length - 1;
  if (daysOfMonth === undefined && daysOfWeek === undefined) return all;
  const byDate = daysOfMonth === undefined ? 0 : datesOf(daysOfMonth, shape);
  const byWeekday = daysOfWeek === undefined ? 0 : weekdaysOf(daysOfWeek, shape);
  return (byDate | byWeekday) & all;
}

function nextDay(cron: Cron, fromDay: number): number | undefined {
  const from = new Date(fromDay * DAY_MS);
  let leastDate = from.getUTCDate();
  for (let index = from.getUTCFullYear() * 12 + from.getUTCMonth(); index < (LAST_YEAR + 1) * 12; index++) {
    const year = Math.floor(index / 12);
    const month = (index % 12) + 1;
    if (cron.months.includes(month) && cron.years?.includes(year) !== false) {
      const days = matchingDays(cron, year, month) & (-1 << (leastDate - 1));
      if (days !== 0) return Date.UTC(year, month - 1, lowestBit(days) + 1) / DAY_MS;
    }
    leastDate = 1;
  }
  return undefined;
}

/** Milliseconds since midnight; `undefined` when no time is left on this day. */
function nextTimeOfDay(cron: Cron, fromMs: number): number | undefined {
  const fromSecond = fromMs / SECOND_MS;
  const hour = Math.floor(fromSecond / 3_600);
  const minute = Math.floor(fromSecond / 60) % 60;
  const sameHour = cron.hours.includes(hour);
  if (sameHour && cron.minutes.includes(minute)) {
    const second = cron.seconds.find((value) => value >= fromSecond % 60);
    if (second !== undefined) return timeMs(hour, minute, second);
  }
  const [firstMinute = 0] = cron.minutes;
  const [firstSecond = 0] = cron.seconds;
  const laterMinute = sameHour ? cron.minutes.find((value) => value > minute) : undefined;
  if (laterMinute !== undefined) return timeMs(hour, laterMinute, firstSecond);
  const laterHour = cron.hours.find((value) => value > hour);
  return laterHour === undefined ? undefined : timeMs(laterHour, firstMinute, firstSecond);
}

function firstTimeOfDay(cron: Cron): number {
  const [hour = 0] = cron.hours;
  const [minute = 0] = cron.minutes;
  const [second = 0] = cron.seconds;
  return timeMs(hour, minute, second);
}

function timeMs(hour: number, minute: number, second: number): number {
  return (hour * 3_600 + minute * 60 + second) * SECOND_MS;
}

interface MonthShape {
  readonly length: number;
  /** Weekday of the 1st, 0 = Sunday. */
  readonly firstWeekday: number;
}

function datesOf(rule: DaysOfMonth, month: MonthShape): number {
  let days = 0;
  for (const date of rule.days) days |= bit(date);
  if (rule.last) days |= bit(month.length);
  if (rule.lastWeekday) days |= bit(nearestWeekday(month.length, month));
  for (const date of rule.nearestWeekdays) {
    // A day that the month does not have has no neighbours either: 31W leaves April out.
    if (date <= month.length) days |= bit(nearestWeekday(date, month));
  }
  return days;
}

function weekdaysOf(rule: DaysOfWeek, { length, firstWeekday }: MonthShape): number {
  let days = 0;
  for (const weekday of rule.weekdays) {
    for (let date = firstDate(weekday, firstWeekday); date <= length; date += 7) days |= bit(date);
  }
  for (const { weekday, ordinal } of rule.ordinals) {
    const date = firstDate(weekday, firstWeekday) + (ordinal - 1) * 7;
    if (date <= length) days |= bit(date);
  }
  for (const weekday of rule.last) {
    const first = firstDate(weekday, firstWeekday);
    days |= bit(first + Math.floor((length - first) / 7) * 7);
  }
  return days;
}

/** Saturdays move to Friday and Sundays to Monday, unless that would leave the month. */
function nearestWeekday(date: number, { length, firstWeekday }: MonthShape): number {
  const weekday = (firstWeekday + date - 1) % 7;
  if (weekday === 6) return date === 1 ? 3 : date - 1;
  if (weekday === 0) return date === length ? date - 2 : date + 1;
  return date;
}

function firstDate(weekday: number, firstWeekday: number): number {
  return 1 + ((weekday - firstWeekday + 7) % 7);
}

function bit(date: number): number {
  return 1 << (date - 1);
}

function lowestBit(bits: number): number {
  return 31 - Math.clz32(bits & -bits);
}
