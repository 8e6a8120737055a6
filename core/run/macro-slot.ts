/**
 * Renders the instant of a slot in a time zone: named fields, offsets and patterns for `{{slot …}}` macros.
 * Wall-clock arithmetic uses the zone data of the runtime's `Intl`.
 */

/** The reading of a clock on the wall of a zone. */
export interface WallTime {
  readonly year: number;
  /** From 1. */
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  readonly millisecond: number;
  /** What the zone is ahead of UTC. */
  readonly offsetMs: number;
}

/** Elapsed time (`s`, `m`, `h`) or steps on the calendar (`d`, `w`, `M`, `y`); negative counts go back. */
export interface SlotOffset {
  readonly count: number;
  readonly unit: "s" | "m" | "h" | "d" | "w" | "M" | "y";
}

type PatternPart = string | ((time: WallTime) => string);
export type SlotPattern = readonly PatternPart[];

const ELAPSED_MS = { s: 1_000, m: 60_000, h: 3_600_000 } as const;
const DAY_MS = 86_400_000;
/** Bounds of what a shifted slot may be: outside them four digits of a year, or a zone's data, would not do. */
const LEAST_MS = Date.UTC(1900, 0, 2);
const MOST_MS = Date.UTC(9999, 11, 30);

/** Letters of a pattern. All other letters must be quoted with `'`; `''` is a quote. */
const LETTERS: Readonly<Record<string, (time: WallTime) => string>> = {
  yyyy: (time) => pad(time.year, 4),
  yy: (time) => pad(time.year % 100, 2),
  MM: (time) => pad(time.month, 2),
  M: (time) => String(time.month),
  dd: (time) => pad(time.day, 2),
  d: (time) => String(time.day),
  DDD: (time) => pad((Date.UTC(time.year, time.month - 1, time.day) - Date.UTC(time.year, 0, 1)) / DAY_MS + 1, 3),
  e: (time) => String(new Date(Date.UTC(time.year, time.month - 1, time.day)).getUTCDay() || 7),
  HH: (time) => pad(time.hour, 2),
  H: (time) => String(time.hour),
  mm: (time) => pad(time.minute, 2),
  m: (time) => String(time.minute),
  ss: (time) => pad(time.second, 2),
  s: (time) => String(time.second),
  SSS: (time) => pad(time.millisecond, 3),
  XXX: (time) => zoneOffset(time.offsetMs, ":"),
  XX: (time) => zoneOffset(time.offsetMs, ""),
};

/** Patterns of the named fields, such as `slot.date`. */
export const FIELD_PATTERNS: Readonly<Record<string, SlotPattern>> = Object.fromEntries(
  Object.entries({
    iso: "yyyy-MM-dd'T'HH:mm:ss.SSSXXX",
    date: "yyyy-MM-dd",
    time: "HH:mm:ss",
    year: "yyyy",
    month: "MM",
    day: "dd",
    hour: "HH",
    minute: "mm",
    second: "ss",
  }).map(([field, pattern]) => [field, compilePattern(pattern)]),
);

/**
 * Reads a pattern such as `yyyyMMdd` or `yyyy-MM-dd'T'HH`.
 *
 * @throws {RangeError} naming the part that is not of the pattern language
 */
export function compilePattern(pattern: string): SlotPattern {
  const parts: PatternPart[] = [];
  const token = /'((?:[^']|'')*)'|([A-Za-z])\2*|[^A-Za-z']+/gy;
  for (let end = 0; end < pattern.length; end = token.lastIndex) {
    const match = token.exec(pattern);
    if (match === null) throw new RangeError(`quote ' at ${end + 1} is not closed`);
    const [text, quoted, letter] = match;
    if (quoted !== undefined) parts.push(quoted === "" ? "'" : quoted.replaceAll("''", "'"));
    else if (letter === undefined) parts.push(text);
    else if (Object.hasOwn(LETTERS, text)) parts.push(LETTERS[text] as PatternPart);
    else throw new RangeError(`"${text}" is none of ${Object.keys(LETTERS).join(", ")}`);
  }
  return parts;
}

export function formatPattern(pattern: SlotPattern, time: WallTime): string {
  let text = "";
  for (const part of pattern) text += typeof part === "string" ? part : part(time);
  return text;
}

/**
 * Shifts an instant, offset by offset. Calendar steps keep the wall time; a day that the month does not have becomes its
 * last (31 March - 1M = 28 February), a wall time in a daylight-saving gap moves forward by the gap, of a repeated one
 * the first is taken.
 *
 * @throws {RangeError} when the result leaves the years 1900 to 9999
 */
export function shiftInstant(atMs: number, offsets: readonly SlotOffset[], zone: string): number {
  let shiftedMs = atMs;
  for (const { count, unit } of offsets) {
    shiftedMs =
      unit === "s" || unit === "m" || unit === "h"
        ? shiftedMs + count * ELAPSED_MS[unit]
        : fromWallMs(stepCalendar(wallTime(shiftedMs, zone), count, unit), zone);
    if (!(shiftedMs >= LEAST_MS && shiftedMs <= MOST_MS)) {
      throw new RangeError(`offset ${count}${unit} leaves the years 1900 to 9999`);
    }
  }
  return shiftedMs;
}

/** @throws {RangeError} when `zone` is not an IANA time zone */
export function wallTime(atMs: number, zone: string): WallTime {
  const millisecond = ((atMs % 1_000) + 1_000) % 1_000;
  const fields = { year: 0, month: 0, day: 0, hour: 0, minute: 0, second: 0 };
  for (const { type, value } of formatOf(zone).formatToParts(atMs)) {
    if (Object.hasOwn(fields, type)) fields[type as keyof typeof fields] = Number(value);
  }
  const { year, month, day, hour, minute, second } = fields;
  const offsetMs = Date.UTC(year, month - 1, day, hour, minute, second) + millisecond - atMs;
  return { ...fields, millisecond, offsetMs };
}

/** The wall time after a step, as if it were UTC. */
function stepCalendar(time: WallTime, count: number, unit: "d" | "w" | "M" | "y"): number {
  const ofDayMs = ((time.hour * 60 + time.minute) * 60 + time.second) * 1_000 + time.millisecond;
  if (unit === "d" || unit === "w") {
    return Date.UTC(time.year, time.month - 1, time.day + count * (unit === "w" ? 7 : 1)) + ofDayMs;
  }
  const months = time.year * 12 + time.month - 1 + count * (unit === "y" ? 12 : 1);
  const year = Math.floor(months / 12);
  const month = months - year * 12;
  const lastDay = new Date(Date.UTC(year, month + 1, 0)).getUTCDate();
  return Date.UTC(year, month, Math.min(time.day, lastDay)) + ofDayMs;
}

/** The instant at which the wall shows `wallMs`: the rule that RFC 5545 and Temporal call "compatible". */
export function fromWallMs(wallMs: number, zone: string): number {
  if (!(wallMs >= LEAST_MS && wallMs <= MOST_MS)) return Number.NaN;
  const beforeMs = wallMs - wallTime(wallMs - DAY_MS, zone).offsetMs;
  const afterMs = wallMs - wallTime(wallMs + DAY_MS, zone).offsetMs;
  const shows = (atMs: number): boolean => atMs + wallTime(atMs, zone).offsetMs === wallMs;
  return !shows(beforeMs) && shows(afterMs) ? afterMs : beforeMs;
}

/** Making one costs some 50 µs, using it 2; there are some 600 zones. */
const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(zone: string): Intl.DateTimeFormat {
  let format = formats.get(zone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat("en-US", {
      timeZone: zone,
      hourCycle: "h23",
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
      second: "numeric",
    });
    formats.set(zone, format);
  }
  return format;
}

function zoneOffset(offsetMs: number, separator: string): string {
  if (offsetMs === 0) return "Z";
  const minutes = Math.round(Math.abs(offsetMs) / 60_000);
  return `${offsetMs < 0 ? "-" : "+"}${pad(Math.floor(minutes / 60), 2)}${separator}${pad(minutes % 60, 2)}`;
}

function pad(value: number, width: number): string {
  return String(value).padStart(width, "0");
}
