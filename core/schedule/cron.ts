import { parseDaysOfMonth, parseDaysOfWeek, type DaysOfMonth, type DaysOfWeek } from "./cron-day-fields.ts";
import { CRON_FIELDS, itemsOf, parseValues, type CronField, type Token } from "./cron-field.ts";
import { quote, ScheduleError, type ScheduleErrorCode } from "./schedule-error.ts";

export const MAX_CRON_LENGTH = 256;

/** A cron expression, parsed. Lists ascend and have no duplicates. */
export interface Cron {
  readonly seconds: readonly number[];
  readonly minutes: readonly number[];
  readonly hours: readonly number[];
  /** `undefined`: the field does not restrict the day. When both day fields restrict it, either may match. */
  readonly daysOfMonth: DaysOfMonth | undefined;
  /** 1 to 12. */
  readonly months: readonly number[];
  readonly daysOfWeek: DaysOfWeek | undefined;
  /** `undefined`: every year. */
  readonly years: readonly number[] | undefined;
  /**
   * The hour or minute field has a wildcard or a step: slots follow elapsed time through daylight-saving changes.
   * Otherwise the expression names fixed local times, to which the daylight-saving policies apply.
   */
  readonly followsElapsedTime: boolean;
}

const MACROS: Readonly<Record<string, string>> = {
  "@yearly": "0 0 1 1 *",
  "@annually": "0 0 1 1 *",
  "@monthly": "0 0 1 * *",
  "@weekly": "0 0 * * 0",
  "@daily": "0 0 * * *",
  "@midnight": "0 0 * * *",
  "@hourly": "0 * * * *",
};

/**
 * Reads a cron expression of 5 fields, 6 (seconds first) or 7 (seconds first, year last), or a macro such as `@daily`.
 *
 * @throws {ScheduleError} with pointer `/cron` and the position of the token that cannot be read
 */
export function parseCron(text: string): Cron {
  if (text.length > MAX_CRON_LENGTH) {
    throw fail("cron-too-long", { problem: `${text.length} characters are more than ${MAX_CRON_LENGTH}` });
  }
  if (text.trim() === "") throw fail("cron-empty", { problem: 'the text is empty; write such as "30 6 * * MON-FRI"' });
  refuseHash(text);
  refuseCharacters(text);
  return parseFields(fieldsOf(expandMacro(text)));
}

function parseFields(fields: readonly Token[]): Cron {
  const [second, minute, hour, dayOfMonth, month, dayOfWeek, year] = arrange(fields);
  return {
    seconds: parseList(second, CRON_FIELDS.second),
    minutes: parseList(minute, CRON_FIELDS.minute),
    hours: parseList(hour, CRON_FIELDS.hour),
    daysOfMonth: parseDaysOfMonth(dayOfMonth),
    months: parseList(month, CRON_FIELDS.month),
    daysOfWeek: parseDaysOfWeek(dayOfWeek),
    years: year === undefined || year.text === "*" ? undefined : parseList(year, CRON_FIELDS.year),
    followsElapsedTime: /[*/]/.test(minute.text + hour.text),
  };
}

type Arranged = readonly [Token, Token, Token, Token, Token, Token, Token | undefined];

function arrange(fields: readonly Token[]): Arranged {
  const found = fields.length;
  const padded = found === 5 ? [{ text: "0", position: 0 }, ...fields] : fields;
  const [second, minute, hour, dayOfMonth, month, dayOfWeek, year] = padded;
  if (found > 7 || !second || !minute || !hour || !dayOfMonth || !month || !dayOfWeek) {
    throw fail("cron-field-count", { problem: `found ${found} fields, need 5, 6 (seconds first) or 7 (year last)` });
  }
  return [second, minute, hour, dayOfMonth, month, dayOfWeek, year];
}

function parseList(token: Token, field: CronField): number[] {
  const values = itemsOf(token).flatMap((item) => parseValues(item, field));
  return [...new Set(values)].sort((a, b) => a - b);
}

function expandMacro(text: string): string {
  const name = text.trim();
  if (!name.startsWith("@")) return text;
  const expression = MACROS[name.toLowerCase()];
  if (expression !== undefined) return expression;
  const known = Object.keys(MACROS).join(", ");
  throw fail("cron-unsupported", {
    position: text.indexOf("@"),
    problem: `macro ${quote(name)} is not one of ${known}; for an interval use "every"`,
  });
}

/** `H` gives each job its own minute in some systems; here jitter does that. */
function refuseHash(text: string): void {
  const match = /(?:^|[\s,])H(?=$|[\s,/(])/i.exec(text);
  if (match === null) return;
  throw fail("cron-unsupported", {
    position: match.index + match[0].length - 1,
    problem: '"H" is not supported; write a value, and spread jobs with "jitter"',
  });
}

function refuseCharacters(text: string): void {
  const match = /[^A-Za-z0-9*?,/\-#@ \t]/u.exec(text);
  if (match === null) return;
  const code = match[0].codePointAt(0)?.toString(16).toUpperCase().padStart(4, "0");
  throw fail("cron-bad-character", { position: match.index, problem: `character U+${code} is not allowed` });
}

function fieldsOf(text: string): Token[] {
  return [...text.matchAll(/[^ \t]+/g)].map((match) => ({ text: match[0], position: match.index }));
}

function fail(code: ScheduleErrorCode, about: { readonly position?: number; readonly problem: string }): ScheduleError {
  return new ScheduleError(code, {
    pointer: "/cron",
    position: about.position,
    message: `Cannot read cron: ${about.problem}`,
  });
}
