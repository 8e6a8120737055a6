import { z } from "zod";
import type { ErrorCode } from "./error-codes.ts";

/**
 * The code of a value that has the right type and is not acceptable. Names are known by their schema; other fields by
 * their place, matched from the end of the path, so that a definition may stand inside a larger body.
 */
export function issueCode(issue: z.core.$ZodIssue, path: readonly PropertyKey[], at: Place): ErrorCode {
  const id = at.schema && z.globalRegistry.get(at.schema)?.id;
  if (id === "Name" || id === "Namespace") return "name-invalid";
  if (path.at(-1) === "timezone") return "timezone-unknown";
  const place = path.map(String).join(".");
  const rule = PLACES.find(({ at, issues }) => at.test(place) && (issues?.includes(issue.code) ?? true));
  const code = rule?.code ?? GENERAL[issue.code];
  const isLocal = code === "datetime-invalid" && typeof at.given === "string" && LOCAL_DATETIME.test(at.given);
  return isLocal ? "datetime-needs-offset" : code;
}

/** The value an issue is about, and the schema that governs it. */
interface Place {
  readonly schema?: z.core.$ZodType | undefined;
  readonly given: unknown;
}

const LOCAL_DATETIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?$/;

interface PlaceRule {
  readonly at: RegExp;
  /** Kinds of issue it holds for. Default: all. */
  readonly issues?: readonly z.core.$ZodIssue["code"][];
  readonly code: ErrorCode;
}

const PLACES: readonly PlaceRule[] = [
  { at: /(^|\.)schedule\.cron$/, issues: ["too_big"], code: "cron-too-long" },
  { at: /(^|\.)schedule\.(every|afterEnd|jitter)$/, code: "interval-invalid" },
  { at: /(^|\.)schedule\.(at|startAt|endAt|dates\.\d+)$/, issues: ["custom"], code: "datetime-out-of-range" },
  { at: /(^|\.)schedule\.(at|startAt|endAt|dates\.\d+)$/, code: "datetime-invalid" },
  { at: /^(include|exclude)\.\d+(\.(from|to))?$/, issues: ["invalid_format"], code: "date-invalid" },
  { at: /(^|\.)(timeouts\.\w+|misfire\.maxLateness)$/, code: "timeout-invalid" },
  { at: /(^|\.)retry\.backoff(\.\w+)?$/, code: "backoff-invalid" },
  { at: /(^|\.)executor\.environment(\.[^.]*)?$/, issues: ["custom", "invalid_key"], code: "env-reserved" },
  { at: /(^|\.)executor\.headers\.[^.]*$/, issues: ["invalid_key", "invalid_format"], code: "header-not-allowed" },
  { at: /(^|\.)parameters\..+$/, issues: ["invalid_union"], code: "payload-not-json" },
];

const GENERAL: Readonly<Record<z.core.$ZodIssue["code"], ErrorCode>> = {
  invalid_type: "wrong-type",
  too_big: "number-out-of-range",
  too_small: "number-out-of-range",
  not_multiple_of: "number-out-of-range",
  invalid_format: "value-invalid",
  unrecognized_keys: "unknown-field",
  invalid_union: "value-invalid",
  invalid_key: "value-invalid",
  invalid_element: "value-invalid",
  invalid_value: "value-not-allowed",
  custom: "value-invalid",
};
