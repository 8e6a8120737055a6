import { z } from "zod";
import { fieldName, hasOwnMessage, ruleOf, subject } from "./field-words.ts";
import { issueCode } from "./issue-code.ts";
import { toPointer } from "./json-pointer.ts";
import type { FieldError } from "./problem.ts";
import { quoteValue } from "./quote.ts";
import { schemaAt, valueAt } from "./schema-at.ts";

/** An input and the schema it was held against. */
export interface CheckedValue {
  readonly schema: z.core.$ZodType;
  readonly value: unknown;
}

type RangeIssue = z.core.$ZodIssueTooBig | z.core.$ZodIssueTooSmall;
type Path = readonly PropertyKey[];

/** A number, the length of a text, or that of a list beyond its bounds. */
export function outOfRange(issue: RangeIssue, path: Path, checked: CheckedValue): FieldError {
  const given = valueAt(checked.value, path);
  const schema = schemaAt(checked.schema, checked.value, path);
  const code = issueCode(issue, path, { schema, given });
  if (typeof given === "number") return { ...badNumber(given, path, checked), code };
  const [length, unit] = typeof given === "string" ? [given.length, "character"] : [itemsOf(given), "item"];
  const rule = hasOwnMessage(issue) ? ruleOf(issue.message) : `must have ${limitText(issue, unit)}`;
  return {
    pointer: toPointer(path),
    code: code === "number-out-of-range" ? "length-out-of-range" : code,
    detail: `${subject(path)} ${rule}; got ${countText(length, unit)}`,
  };
}

/** A number that the schema refuses: beyond its bounds, or not whole. Both bounds are told, whichever was broken. */
export function badNumber(given: number, path: Path, checked: CheckedValue): FieldError {
  const schema = numberIn(schemaAt(checked.schema, checked.value, path));
  const isWhole = schema?.format?.includes("int") === true;
  const bounds = boundsOf(schema);
  const rule = `must be ${isWhole ? "a whole number" : "a number"}${boundsText(bounds)}`;
  return {
    pointer: toPointer(path),
    code: "number-out-of-range",
    detail: `${subject(path)} ${rule}; got ${given}`,
    ...(Object.keys(bounds).length > 0 && { allowed: bounds }),
  };
}

/** A key that a record does not take. */
export function badKey(issue: z.core.$ZodIssueInvalidKey, checked: CheckedValue): FieldError {
  const { path } = issue;
  const [first] = issue.issues;
  const isLength = first?.code === "too_big" || first?.code === "too_small";
  const rule = isLength
    ? `must have ${limitText(first, "character")}`
    : ruleOf(first?.message ?? "must be an accepted key");
  const code = issueCode(issue, path, { given: valueAt(checked.value, path) });
  const detail = `Key ${quoteValue(path.at(-1))} in ${fieldName(path.slice(0, -1))} ${rule}`;
  return {
    pointer: toPointer(path),
    code: isLength && code === "value-invalid" ? "length-out-of-range" : code,
    detail,
  };
}

type Bounds = { readonly minimum?: number; readonly maximum?: number };

/** The number schema itself, or the one among a union's options. */
function numberIn(schema: z.core.$ZodType | undefined): z.ZodNumber | undefined {
  if (schema instanceof z.ZodUnion) return schema.options.find((option) => option instanceof z.ZodNumber);
  return schema instanceof z.ZodNumber ? schema : undefined;
}

function boundsOf(schema: z.ZodNumber | undefined): Bounds {
  const { minValue = null, maxValue = null } = schema ?? {};
  return {
    ...(isBound(minValue) && { minimum: minValue }),
    ...(isBound(maxValue) && { maximum: maxValue }),
  };
}

/** Whole numbers are bounded by what a double holds exactly; as a rule of a field that says nothing. */
function isBound(value: number | null): value is number {
  return value !== null && Math.abs(value) < Number.MAX_SAFE_INTEGER;
}

function boundsText({ minimum, maximum }: Bounds): string {
  if (minimum === undefined) return maximum === undefined ? "" : ` of at most ${maximum}`;
  return maximum === undefined ? ` of at least ${minimum}` : ` from ${minimum} to ${maximum}`;
}

function limitText(issue: RangeIssue, unit: string): string {
  return issue.code === "too_big"
    ? `at most ${countText(Number(issue.maximum), unit)}`
    : `at least ${countText(Number(issue.minimum), unit)}`;
}

function countText(count: number, unit: string): string {
  return `${count} ${unit}${count === 1 ? "" : "s"}`;
}

function itemsOf(list: unknown): number {
  return Array.isArray(list) ? list.length : 0;
}
