import { InvalidArgumentError } from "commander";
import type { Json, JsonObject } from "../../api/contract/strict-json.ts";
import { parseJsonStrict } from "../../api/contract/strict-json.ts";
import { ProblemError } from "../../api/contract/problem.ts";

/** Gathers the values of an option that may be given several times. */
export function collect(value: string, previous: readonly string[] = []): readonly string[] {
  return [...previous, value];
}

/** Reads a whole number between two bounds, both inclusive. */
export function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= least && value <= most) return value;
    throw new InvalidArgumentError(`It must be a whole number from ${least} to ${most}.`);
  };
}

/**
 * Reads an instant: RFC 3339 with an offset, `now`, or `-` and a duration for so long ago, such as `-24h`.
 *
 * @returns RFC 3339 in UTC
 */
export function instant(nowMs: () => number): (text: string) => string {
  return (text) => {
    if (text === "now") return new Date(nowMs()).toISOString();
    if (text.startsWith("-")) return new Date(nowMs() - duration(text.slice(1))).toISOString();
    const isWhole = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/i.test(text);
    if (isWhole && !Number.isNaN(Date.parse(text))) return new Date(text).toISOString();
    throw new InvalidArgumentError('It must be an instant such as "2026-03-08T07:30:00Z", "now" or "-24h".');
  };
}

/** Reads a duration such as `90s`, `1h30m` or `250ms`, to milliseconds. */
export function duration(text: string): number {
  const parts = [...text.matchAll(/(\d{1,9})(ms|s|m|h|d)/g)];
  if (text === "" || parts.map(([part]) => part).join("") !== text) {
    throw new InvalidArgumentError('It must be a duration such as "90s" or "1h30m".');
  }
  return parts.reduce((sum, [, count, unit]) => sum + Number(count) * (UNIT_MS[unit ?? ""] ?? 0), 0);
}

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Reads a JSON object, strictly. */
export function jsonObject(text: string): JsonObject {
  const value = parseJson(text);
  if (isObject(value)) return value;
  throw new InvalidArgumentError('It must be a JSON object such as {"shop":"berlin"}.');
}

/** Reads `name=value` pairs; a value that is JSON is taken as such, any other as a text. */
export function parameter(text: string, previous: JsonObject = {}): JsonObject {
  const equals = text.indexOf("=");
  if (equals < 1) throw new InvalidArgumentError("It must be name=value.");
  const name = text.slice(0, equals);
  if (Object.hasOwn(previous, name)) throw new InvalidArgumentError(`Parameter "${name}" is given twice.`);
  const value = text.slice(equals + 1);
  return { ...previous, [name]: looksLikeJson(value) ? parseJson(value) : value };
}

/** How a step may be marked. */
export const MARKS = ["succeeded", "skipped"] as const;
export type Mark = (typeof MARKS)[number];

/** Reads `step=succeeded` and `step=skipped`. */
export function stepMark(text: string, previous: Readonly<Record<string, Mark>> = {}): Readonly<Record<string, Mark>> {
  const [step = "", as] = text.split("=", 2);
  const mark = MARKS.find((one) => one === as);
  if (step === "" || mark === undefined) throw new InvalidArgumentError("It must be step=succeeded or step=skipped.");
  if (Object.hasOwn(previous, step)) throw new InvalidArgumentError(`Step "${step}" is given twice.`);
  return { ...previous, [step]: mark };
}

/** Numbers, `true`, `false`, `null`, lists, objects and quoted texts. */
function looksLikeJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function parseJson(text: string): Json {
  try {
    return parseJsonStrict(text);
  } catch (error) {
    if (error instanceof ProblemError) throw new InvalidArgumentError(`${error.message}.`);
    throw error;
  }
}

function isObject(value: Json): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
