import { MAX_INSTANT_MS } from "./last-instant.ts";
import { quote, ScheduleError, type ScheduleErrorCode } from "./schedule-error.ts";

const RFC_3339 = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d)(?::(\d\d)(?:\.\d+)?)?(Z|[+-]\d\d:\d\d)?$/i;

/**
 * Reads an RFC 3339 instant with an offset, from 1970 to 2100.
 *
 * @returns epoch milliseconds; finer fractions are cut
 * @throws {ScheduleError} at `pointer`
 */
export function readInstant(text: string, pointer: string): number {
  const match = RFC_3339.exec(text);
  if (match === null) {
    throw fail("datetime-invalid", pointer, `${quote(text)} is not RFC 3339, such as "2026-03-08T07:30:00Z"`);
  }
  const [, year, month, day, , , , offset] = match;
  if (offset === undefined) {
    throw fail("datetime-needs-offset", pointer, `${quote(text)} has no offset; add "Z" or such as "+01:00"`);
  }
  const atMs = Date.parse(text.toUpperCase());
  // Date.parse rolls 30 February over into March.
  if (Number.isNaN(atMs) || Number(day) > daysInMonth(Number(year), Number(month))) {
    throw fail("datetime-invalid", pointer, `${quote(text)} is not a time that exists`);
  }
  if (atMs < 0 || atMs > MAX_INSTANT_MS) {
    throw fail("datetime-out-of-range", pointer, `${quote(text)} is not between 1970 and 2100`);
  }
  return atMs;
}

function daysInMonth(year: number, month: number): number {
  return new Date(Date.UTC(year, month, 0)).getUTCDate();
}

function fail(code: ScheduleErrorCode, pointer: string, problem: string): ScheduleError {
  return new ScheduleError(code, { pointer, message: `Cannot read ${pointer.slice(1)}: ${problem}` });
}
