import { Duration, UnsignedInt } from "@marcbachmann/cel-js/evaluator";
import { formatDuration } from "../job/duration.ts";
import type { Json } from "../json.ts";

/** A JSON value as expressions see it, with the length of the longest list or object in it. */
export interface CelValue {
  readonly value: unknown;
  readonly longest: number;
}

/** Values never change, so that one is converted once for all expressions that name it. */
const converted = new WeakMap<object, CelValue>();

/**
 * Whole numbers become `int` and others `double`: JSON has but one kind of number, and people count. Objects become maps
 * of their own keys, so that `constructor` and the like are keys as any.
 */
export function toCel(json: Json): CelValue {
  if (typeof json === "number") return { value: Number.isSafeInteger(json) ? BigInt(json) : json, longest: 0 };
  if (typeof json !== "object" || json === null) return { value: json, longest: 0 };
  const known = converted.get(json);
  if (known !== undefined) return known;
  const made = Array.isArray(json)
    ? listToCel(json as readonly Json[])
    : mapToCel(json as Readonly<Record<string, Json>>);
  converted.set(json, made);
  return made;
}

function listToCel(list: readonly Json[]): CelValue {
  const items = list.map(toCel);
  return { value: items.map(({ value }) => value), longest: longestOf(items) };
}

function mapToCel(object: Readonly<Record<string, Json>>): CelValue {
  const entries = Object.entries(object).map(([key, value]) => [key, toCel(value)] as const);
  return {
    value: new Map(entries.map(([key, { value }]) => [key, value])),
    longest: longestOf(entries.map(([, value]) => value)),
  };
}

function longestOf(items: readonly CelValue[]): number {
  return items.reduce((most, { longest }) => Math.max(most, longest), items.length);
}

/**
 * What an expression gives, as JSON: timestamps as RFC 3339, durations as texts such as `1h30m`.
 *
 * @throws {RangeError} for what JSON cannot say: bytes, types, infinite numbers, integers beyond 2^53
 */
export function fromCel(value: unknown): Json {
  switch (typeof value) {
    case "string":
    case "boolean":
      return value;
    case "bigint":
      return safeNumber(value);
    case "number":
      if (Number.isFinite(value)) return value;
      throw new RangeError(`${value} is not a number in JSON`);
    default:
      return objectFromCel(value);
  }
}

function objectFromCel(value: unknown): Json {
  if (value === null) return null;
  if (Array.isArray(value)) return value.map(fromCel);
  if (value instanceof Map) return fromEntries(value.entries());
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Duration) return durationText(value);
  if (value instanceof UnsignedInt) return safeNumber(value.valueOf());
  if (typeof value === "object" && value.constructor === Object) return fromEntries(Object.entries(value));
  throw new RangeError("it gives neither text, number, bool, list nor map");
}

function fromEntries(entries: Iterable<[unknown, unknown]>): Json {
  return Object.fromEntries([...entries].map(([key, value]) => [String(key), fromCel(value)]));
}

function safeNumber(integer: bigint): number {
  const number = Number(integer);
  if (Number.isSafeInteger(number)) return number;
  throw new RangeError(`${integer} is beyond the whole numbers that JSON holds exactly`);
}

function durationText(duration: Duration): string {
  const ms = Number(duration.getMilliseconds());
  return ms < 0 ? `-${formatDuration(-ms)}` : formatDuration(ms);
}
