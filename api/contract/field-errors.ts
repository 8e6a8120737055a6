import { z } from "zod";
import { fieldName, hasOwnMessage, ruleOf, subject } from "./field-words.ts";
import { issueCode } from "./issue-code.ts";
import { toPointer } from "./json-pointer.ts";
import { MAX_REPORTED_ERRORS } from "./limits.ts";
import { nearest } from "./nearest.ts";
import type { FieldError } from "./problem.ts";
import { describeGiven, describeType, quoteValue, TYPE_WORDS } from "./quote.ts";
import { badKey, badNumber, type CheckedValue, outOfRange } from "./range-errors.ts";
import { knownKeys, schemaAt, valueAt } from "./schema-at.ts";

/** The input that issues are about, and the schema it was held against. */
export interface Checked extends CheckedValue {
  readonly readOnlyFields: readonly string[];
}

type Issue = z.core.$ZodIssue;
type Path = readonly PropertyKey[];

/**
 * Turns the issues of a zod schema into errors that name field, rule and value; one for each place, at most 50: input
 * made of nothing but faults must not cost more than that.
 */
export function toFieldErrors(issues: readonly Issue[], checked: Checked): FieldError[] {
  const byPointer = new Map<string, FieldError>();
  for (const issue of issues) {
    for (const error of toErrors(issue, checked)) {
      // The first issue of a place is the most basic one; the others often follow from it.
      if (!byPointer.has(error.pointer)) byPointer.set(error.pointer, error);
      if (byPointer.size === MAX_REPORTED_ERRORS) return [...byPointer.values()];
    }
  }
  return [...byPointer.values()];
}

function toErrors(issue: Issue, checked: Checked): FieldError[] {
  const { path } = issue;
  switch (issue.code) {
    case "unrecognized_keys":
      return issue.keys.slice(0, MAX_REPORTED_ERRORS).map((key) => unknownField(key, path, checked));
    case "invalid_type":
      return [wrongType([issue.expected], path, checked)];
    case "invalid_value":
      return [notAllowed(issue.values, path, checked)];
    case "invalid_union":
      return unionErrors(issue, checked);
    case "too_big":
    case "too_small":
      return [outOfRange(issue, path, checked)];
    case "invalid_key":
      return [badKey(issue, checked)];
    case "invalid_format":
    case "invalid_element":
    case "not_multiple_of":
    case "custom":
      break;
  }
  return [refused(issue, path, checked)];
}

function unknownField(key: string, path: Path, checked: Checked): FieldError {
  const pointer = toPointer([...path, key]);
  const name = quoteValue(key);
  if (checked.readOnlyFields.includes(key)) {
    return { pointer, code: "read-only-field", detail: `Field ${name} is set by the server and must be left out` };
  }
  const known = knownKeys(schemaAt(checked.schema, checked.value, path), valueAt(checked.value, path));
  const meant = nearest(key, known);
  const hint = meant === undefined ? `must be one of ${known.join(", ")}` : `did you mean "${meant}"`;
  return {
    pointer,
    code: "unknown-field",
    detail: `Field ${name} is unknown${path.length === 0 ? "" : ` in ${fieldName(path)}`}; ${hint}`,
    allowed: [...known],
  };
}

function wrongType(expected: readonly string[], path: Path, checked: Checked): FieldError {
  const pointer = toPointer(path);
  const given = valueAt(checked.value, path);
  if (given === undefined && path.length > 0) {
    return { pointer, code: "required-field", detail: `Field ${fieldName(path)} is required` };
  }
  // A fraction where a whole number must be.
  if (Number.isFinite(given) && expected.includes("int")) return badNumber(Number(given), path, checked);
  const words = [...new Set(expected.map((type) => TYPE_WORDS[type] ?? type))].join(" or ");
  return {
    pointer,
    code: "wrong-type",
    detail: `${subject(path)} must be ${words}; got ${describeGiven(given)}`,
  };
}

function notAllowed(values: readonly unknown[], path: Path, checked: Checked): FieldError {
  const given = valueAt(checked.value, path);
  const pointer = toPointer(path);
  const allowed = values.filter((value) => typeof value === "string" || typeof value === "number");
  if (given === undefined) {
    return {
      pointer,
      code: "required-field",
      detail: `Field ${fieldName(path)} is required; ${oneOf(allowed)}`,
      allowed,
    };
  }
  const meant = typeof given === "string" ? nearest(given, allowed.map(String)) : undefined;
  const hint = meant === undefined ? "" : `; did you mean "${meant}"`;
  return {
    pointer,
    code: typeof given === "string" ? "value-not-allowed" : "wrong-type",
    detail: `${subject(path)} ${oneOf(allowed)}; got ${quoteValue(given)}${hint}`,
    allowed,
  };
}

function oneOf(values: readonly (string | number)[]): string {
  return `must be one of ${values.map((value) => quoteValue(value)).join(", ")}`;
}

function unionErrors(issue: z.core.$ZodIssueInvalidUnion, checked: Checked): FieldError[] {
  const { path } = issue;
  if ("discriminator" in issue && issue.discriminator !== undefined) {
    const union = schemaAt(checked.schema, checked.value, path.slice(0, -1));
    return [notAllowed(discriminators(union, issue.discriminator), path, checked)];
  }
  const branches = issue.errors.map((issues) => issues.map((inner) => ({ ...inner, path: [...path, ...inner.path] })));
  // A branch that accepts the value's type says more than those that do not.
  const fitting = branches.find((issues) => !issues.some((inner) => isTypeIssueAt(inner, path)));
  if (fitting !== undefined) return fitting.flatMap((inner) => toErrors(inner, checked));
  const given = valueAt(checked.value, path);
  const code = issueCode(issue, path, { given });
  if (code === "payload-not-json") {
    const detail = `${subject(path)} must be a JSON value; got ${describeType(given)}`;
    return [{ pointer: toPointer(path), code, detail }];
  }
  const expected = branches.flat().flatMap((inner) => (inner.code === "invalid_type" ? inner.expected : []));
  return [wrongType(expected, path, checked)];
}

function isTypeIssueAt(issue: Issue, path: Path): boolean {
  return issue.code === "invalid_type" && issue.path.length === path.length;
}

function discriminators(union: z.core.$ZodType | undefined, key: string): unknown[] {
  if (!(union instanceof z.ZodDiscriminatedUnion)) return [];
  return union.options.flatMap((option) => {
    const literal: unknown = option instanceof z.ZodObject ? option.shape[key] : undefined;
    return literal instanceof z.ZodLiteral ? [...literal.values] : [];
  });
}

/** An issue whose message is the schema's own rule. */
function refused(issue: Issue, path: Path, checked: Checked): FieldError {
  const schema = schemaAt(checked.schema, checked.value, path);
  const given = valueAt(checked.value, path);
  const rule = hasOwnMessage(issue)
    ? ruleOf(issue.message)
    : `must match ${issue.code === "invalid_format" ? issue.pattern : "its rule"}`;
  return {
    pointer: toPointer(path),
    code: issueCode(issue, path, { schema, given }),
    detail: `${subject(path)} ${rule}; got ${quoteValue(given)}`,
  };
}
