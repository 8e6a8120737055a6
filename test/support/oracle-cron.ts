/** The part of the independent evaluator that reads an expression. It shares no code with the core. */
export interface OracleExpression {
  /** Hour and minute name fixed times, so that the daylight-saving policies apply. */
  readonly fixed: boolean;
  readonly seconds: readonly number[];
  /** Whether a local minute, counted on the local calendar from 1970, matches. */
  readonly matches: (local: number) => boolean;
}

export const MINUTE_MS = 60_000;
export const MINUTES_PER_DAY = 1_440;

/** Reads a valid expression or macro. */
export function readExpression(cron: string): OracleExpression {
  const fields = readFields(cron);
  return {
    fixed: !/[*/]/.test(fields.hour + fields.minute),
    seconds: range(0, 59).filter((second) => fieldMatches(fields.second, second, { least: 0, most: 59 })),
    matches: minuteMatcher(fields),
  };
}

interface Fields {
  readonly second: string;
  readonly minute: string;
  readonly hour: string;
  readonly dayOfMonth: string;
  readonly month: string;
  readonly dayOfWeek: string;
  readonly year: string;
}

const MACROS: Record<string, string> = {
  "@YEARLY": "0 0 1 1 *",
  "@ANNUALLY": "0 0 1 1 *",
  "@MONTHLY": "0 0 1 * *",
  "@WEEKLY": "0 0 * * 0",
  "@DAILY": "0 0 * * *",
  "@MIDNIGHT": "0 0 * * *",
  "@HOURLY": "0 * * * *",
};
const MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const WEEKDAYS = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

function readFields(cron: string): Fields {
  const text = cron.trim().toUpperCase();
  const parts = (MACROS[text] ?? text).split(/\s+/);
  if (parts.length === 5) parts.unshift("0");
  const [second = "", minute = "", hour = "", dayOfMonth = "", month = "", dayOfWeek = "", year = "*"] = parts;
  return {
    second,
    minute,
    hour,
    dayOfMonth,
    month: MONTHS.reduce((field, name, index) => field.replaceAll(name, String(index + 1)), month),
    dayOfWeek: WEEKDAYS.reduce((field, name, index) => field.replaceAll(name, String(index)), dayOfWeek),
    year,
  };
}

function minuteMatcher(fields: Fields): (local: number) => boolean {
  const minutes = range(0, 59).map((minute) => fieldMatches(fields.minute, minute, { least: 0, most: 59 }));
  const hours = range(0, 23).map((hour) => fieldMatches(fields.hour, hour, { least: 0, most: 23 }));
  const times = range(0, MINUTES_PER_DAY - 1).map(
    (time) => minutes[time % 60] === true && hours[Math.floor(time / 60)] === true,
  );
  const days = new Map<number, boolean>();
  return (local) => {
    if (times[local % MINUTES_PER_DAY] !== true) return false;
    const day = Math.floor(local / MINUTES_PER_DAY);
    let matched = days.get(day);
    if (matched === undefined) days.set(day, (matched = dayMatches(fields, day)));
    return matched;
  };
}

function dayMatches(fields: Fields, day: number): boolean {
  const date = new Date(day * MINUTES_PER_DAY * MINUTE_MS);
  if (!fieldMatches(fields.month, date.getUTCMonth() + 1, { least: 1, most: 12 })) return false;
  if (!fieldMatches(fields.year, date.getUTCFullYear(), { least: 1970, most: 2100 })) return false;
  const anyDate = fields.dayOfMonth === "*" || fields.dayOfMonth === "?";
  const anyWeekday = fields.dayOfWeek === "*" || fields.dayOfWeek === "?";
  const dateMatches = fields.dayOfMonth.split(",").some((item) => dateItemMatches(item, date));
  const weekdayMatches = fields.dayOfWeek.split(",").some((item) => weekdayItemMatches(item, date));
  if (anyDate) return anyWeekday || weekdayMatches;
  return anyWeekday ? dateMatches : dateMatches || weekdayMatches;
}

function dateItemMatches(item: string, date: Date): boolean {
  if (item === "L") return inDays(date, 1).getUTCDate() === 1;
  if (item === "LW") return isWorkday(date) && workdaysLeft(date) === 0;
  if (item.endsWith("W")) return isNearestWorkday(Number(item.slice(0, -1)), date);
  return fieldMatches(item, date.getUTCDate(), { least: 1, most: 31 });
}

function isNearestWorkday(wanted: number, date: Date): boolean {
  if (!isWorkday(date)) return false;
  const target = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), wanted));
  if (target.getUTCMonth() !== date.getUTCMonth()) return false;
  const candidates = [0, -1, 1, -2, 2].map((shift) => inDays(target, shift));
  const nearest = candidates.find((day) => isWorkday(day) && day.getUTCMonth() === date.getUTCMonth());
  return nearest?.getTime() === date.getTime();
}

function workdaysLeft(date: Date): number {
  return range(1, 6)
    .map((shift) => inDays(date, shift))
    .filter((day) => day.getUTCMonth() === date.getUTCMonth() && isWorkday(day)).length;
}

function weekdayItemMatches(item: string, date: Date): boolean {
  const weekday = date.getUTCDay();
  const [day = "", ordinal] = item.split("#");
  if (ordinal !== undefined) {
    return Number(day) % 7 === weekday && Math.ceil(date.getUTCDate() / 7) === Number(ordinal);
  }
  if (item.endsWith("L")) {
    return Number(item.slice(0, -1)) % 7 === weekday && inDays(date, 7).getUTCMonth() !== date.getUTCMonth();
  }
  // Sunday is day 0 and day 7; a range may end with it, by either number.
  const text = item.replace(/^([1-6])-0/, "$1-7");
  const most = text.includes("-") ? 7 : 6;
  return (
    [weekday, weekday === 0 ? 7 : weekday].some((value) => fieldMatches(text, value, { least: 0, most })) ||
    text === `${weekday}`
  );
}

function isWorkday(date: Date): boolean {
  return date.getUTCDay() >= 1 && date.getUTCDay() <= 5;
}

function inDays(date: Date, days: number): Date {
  return new Date(date.getTime() + days * MINUTES_PER_DAY * MINUTE_MS);
}

/** `*`, `a`, `a-b`, with `/step`, in a comma-separated list; `a/step` runs to the end of the field. */
function fieldMatches(field: string, value: number, { least, most }: { least: number; most: number }): boolean {
  return field.split(",").some((item) => {
    const [span = "", step] = item.split("/");
    const [from = "", to] = span === "*" || span === "?" ? [String(least), String(most)] : span.split("-");
    const last = to ?? (step === undefined ? from : String(most));
    return value >= Number(from) && value <= Number(last) && (value - Number(from)) % Number(step ?? 1) === 0;
  });
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}
