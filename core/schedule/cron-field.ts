import { quote, ScheduleError, type ScheduleErrorCode } from "./schedule-error.ts";

/** A part of a cron expression and where it starts in it. */
export interface Token {
  readonly text: string;
  readonly position: number;
}

/** What one cron field may hold. */
export interface CronField {
  readonly label: string;
  readonly least: number;
  readonly most: number;
  /** The largest value that `*` and `a/step` reach; below `most` where two values mean the same (Sunday is 0 and 7). */
  readonly wildMost: number;
  /** Names of the values from `least` on. */
  readonly names?: readonly string[];
}

const MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const WEEKDAYS = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];
export const FIRST_YEAR = 1970;
export const LAST_YEAR = 2100;

export const CRON_FIELDS = {
  second: { label: "second", least: 0, most: 59, wildMost: 59 },
  minute: { label: "minute", least: 0, most: 59, wildMost: 59 },
  hour: { label: "hour", least: 0, most: 23, wildMost: 23 },
  dayOfMonth: { label: "day of month", least: 1, most: 31, wildMost: 31 },
  month: { label: "month", least: 1, most: 12, wildMost: 12, names: MONTHS },
  dayOfWeek: { label: "day of week", least: 0, most: 7, wildMost: 6, names: WEEKDAYS },
  // Years outside 1970-2100 can be written; a schedule that has no others never fires.
  year: { label: "year", least: 0, most: 9999, wildMost: LAST_YEAR },
} satisfies Record<string, CronField>;

const ITEM = /^(\*|[a-z0-9]+)(?:-([a-z0-9]+))?(?:\/([a-z0-9]+))?$/i;

/** The items of a comma-separated list. */
export function itemsOf(field: Token): Token[] {
  let position = field.position;
  return field.text.split(",").map((text) => {
    const item = { text, position };
    position += text.length + 1;
    return item;
  });
}

/**
 * Values of one item without special letters: `*`, `a`, `a-b`, each with an optional `/step`; `a/step` runs to the
 * field's end.
 *
 * @throws {ScheduleError} naming the field, the rule and the value
 */
export function parseValues(item: Token, field: CronField): number[] {
  const match = ITEM.exec(item.text);
  if (match === null || (match[1] === "*" && match[2] !== undefined)) throw unreadable(item, field);
  const [, first = "", last, step] = match;
  const from = first === "*" ? lowest(field) : parseValue({ text: first, position: item.position }, field);
  const to = lastValue(item, field, { first, last, step, from });
  const by = step === undefined ? 1 : parseStep({ text: step, position: endOf(item) - step.length }, field);
  if (to < from) throw reversed(item, field, { from, to });
  const values: number[] = [];
  for (let value = from; value <= to; value += by) values.push(value);
  return values;
}

/** One number or name of a field. */
export function parseValue(token: Token, field: CronField): number {
  if (!/^\d+$/.test(token.text)) {
    const index = field.names?.indexOf(token.text.toUpperCase()) ?? -1;
    if (index < 0) throw unreadable(token, field);
    return field.least + index;
  }
  const value = Number(token.text);
  if (value < field.least || value > field.most) {
    throw cronError("cron-out-of-range", token, {
      field,
      problem: `${quote(token.text)} is outside ${field.least}-${field.most}`,
    });
  }
  return value;
}

/** An error about one token of the expression. */
export function cronError(
  code: ScheduleErrorCode,
  token: Token,
  about: { readonly field: CronField; readonly problem: string },
): ScheduleError {
  return new ScheduleError(code, {
    pointer: "/cron",
    position: token.position,
    message: `Cannot read cron field ${about.field.label}: ${about.problem}`,
  });
}

interface Ends {
  readonly first: string;
  readonly last: string | undefined;
  readonly step: string | undefined;
  readonly from: number;
}

function lastValue(item: Token, field: CronField, ends: Ends): number {
  if (ends.last !== undefined) {
    const to = parseValue({ text: ends.last, position: item.position + ends.first.length + 1 }, field);
    // FRI-SUN: Sunday at the end of a range is day 7.
    return field === CRON_FIELDS.dayOfWeek && to === 0 && ends.from > 0 ? 7 : to;
  }
  return ends.first === "*" || ends.step !== undefined ? Math.max(field.wildMost, ends.from) : ends.from;
}

function parseStep(token: Token, field: CronField): number {
  const step = /^\d{1,4}$/.test(token.text) ? Number(token.text) : Number.NaN;
  const most = field.wildMost - lowest(field);
  if (step >= 1 && step <= most) return step;
  const why = step > most ? `; a larger one would match a single value` : "";
  throw cronError("cron-bad-step", token, {
    field,
    problem: `step ${quote(token.text)} is not within 1-${most}${why}`,
  });
}

function reversed(item: Token, field: CronField, range: { readonly from: number; readonly to: number }): ScheduleError {
  const { from, to } = range;
  const wrapped = `${from}-${field.wildMost},${lowest(field)}-${to}`;
  return cronError("cron-bad-range", item, {
    field,
    problem: `range ${quote(item.text)} runs backwards; to wrap around write ${wrapped}`,
  });
}

function unreadable(item: Token, field: CronField): ScheduleError {
  const alternative = unsupportedReason(item.text, field);
  if (alternative !== undefined) {
    return cronError("cron-unsupported", item, {
      field,
      problem: `${quote(item.text)} is not supported; ${alternative}`,
    });
  }
  const names = field.names === undefined ? "" : ` or one of ${field.names.join(", ")}`;
  return cronError("cron-bad-value", item, {
    field,
    problem: `${quote(item.text)} is not a value, a range or a step of ${lowest(field)}-${field.wildMost}${names}`,
  });
}

function unsupportedReason(text: string, field: CronField): string | undefined {
  if (text.includes("#")) return 'an ordinal stands in the day of week, from 1 to 5, such as "MON#2"';
  if (text.includes("?")) return 'write "*"; "?" stands alone in a day field';
  if (/(?:^|[\d*L-])W(?![a-z])/i.test(text)) return 'a nearest weekday is one day of the month, such as "15W", or "LW"';
  if (!/(?:^|^[a-z]{3}|[\d*-])L(?![a-z])/i.test(text)) return undefined;
  return field === CRON_FIELDS.dayOfWeek
    ? 'a last weekday of the month is written such as "5L" or "FRIL"'
    : '"L" stands alone in the day of month, or after a weekday such as "FRIL"';
}

function lowest(field: CronField): number {
  return field === CRON_FIELDS.year ? FIRST_YEAR : field.least;
}

function endOf(token: Token): number {
  return token.position + token.text.length;
}
