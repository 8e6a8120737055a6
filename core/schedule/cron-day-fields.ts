import { CRON_FIELDS, cronError, itemsOf, parseValue, parseValues, type Token } from "./cron-field.ts";
import { quote } from "./schedule-error.ts";

/** Days of the month that match; any of the parts may. */
export interface DaysOfMonth {
  /** 1 to 31. */
  readonly days: readonly number[];
  /** `L`: the last day of the month. */
  readonly last: boolean;
  /** `LW`: the last Monday-to-Friday of the month. */
  readonly lastWeekday: boolean;
  /** `15W`: the Monday-to-Friday nearest to the day, within its month. */
  readonly nearestWeekdays: readonly number[];
}

/** Days of the week that match, 0 = Sunday to 6; any of the parts may. */
export interface DaysOfWeek {
  readonly weekdays: readonly number[];
  /** `MON#2`: the second Monday of the month. */
  readonly ordinals: readonly { readonly weekday: number; readonly ordinal: number }[];
  /** `FRIL`: the last Friday of the month. */
  readonly last: readonly number[];
}

/** `undefined` when the field does not restrict the day: `*` or `?`. */
export function parseDaysOfMonth(field: Token): DaysOfMonth | undefined {
  if (isUnrestricted(field)) return undefined;
  const items = itemsOf(field);
  const nearest = items.filter((item) => /^\d+W$/i.test(item.text));
  const plain = items.filter((item) => !/^(\d+W|L|LW)$/i.test(item.text));
  return {
    days: plain.flatMap((item) => parseValues(item, CRON_FIELDS.dayOfMonth)),
    last: items.some((item) => /^L$/i.test(item.text)),
    lastWeekday: items.some((item) => /^LW$/i.test(item.text)),
    nearestWeekdays: nearest.map((item) => parseValue(withoutEnd(item, 1), CRON_FIELDS.dayOfMonth)),
  };
}

/** `undefined` when the field does not restrict the day: `*` or `?`. */
export function parseDaysOfWeek(field: Token): DaysOfWeek | undefined {
  if (isUnrestricted(field)) return undefined;
  const items = itemsOf(field);
  const ordinals = items.filter((item) => item.text.includes("#"));
  const last = items.filter((item) => /^[a-z0-9]+L$/i.test(item.text));
  const plain = items.filter((item) => !ordinals.includes(item) && !last.includes(item));
  return {
    weekdays: plain.flatMap((item) => parseValues(item, CRON_FIELDS.dayOfWeek)).map((day) => day % 7),
    ordinals: ordinals.map(parseOrdinal),
    last: last.map((item) => parseValue(withoutEnd(item, 1), CRON_FIELDS.dayOfWeek) % 7),
  };
}

function isUnrestricted(field: Token): boolean {
  return field.text === "*" || field.text === "?";
}

function parseOrdinal(item: Token): { weekday: number; ordinal: number } {
  const [day = "", ordinal = ""] = item.text.split("#");
  if (!/^[a-z0-9]+#[1-5]$/i.test(item.text)) {
    throw cronError("cron-unsupported", item, {
      field: CRON_FIELDS.dayOfWeek,
      problem: `${quote(item.text)} is not supported; an ordinal runs from 1 to 5, such as "MON#2", and the last is "MONL"`,
    });
  }
  return {
    weekday: parseValue({ text: day, position: item.position }, CRON_FIELDS.dayOfWeek) % 7,
    ordinal: Number(ordinal),
  };
}

function withoutEnd(token: Token, count: number): Token {
  return { text: token.text.slice(0, -count), position: token.position };
}
