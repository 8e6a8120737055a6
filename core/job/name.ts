import { z } from "zod";

/**
 * Names of namespaces, jobs, pools and calendars: lower-case ASCII letters and digits, with single `-`, `_` or `.`
 * between them, at most 128 characters. One spelling only, so that two names never differ by case or normal form.
 */
export const NAME_PATTERN = /^[a-z0-9]+(?:[._-][a-z0-9]+)*$/;
export const MAX_NAME_LENGTH = 128;

const NAME_RULE = "lower-case letters and digits, with single '-', '_' or '.' between them, at most 128 characters";

export const nameSchema = z
  .string()
  .max(MAX_NAME_LENGTH, { error: `must be ${NAME_RULE}`, abort: true })
  .regex(NAME_PATTERN, { error: `must be ${NAME_RULE}` })
  .meta({ id: "Name", description: `A name: ${NAME_RULE}`, examples: ["nightly-report"] });

/** A namespace has no `.`, so that the first `.` of a run id ends it. */
export const namespaceSchema = z
  .string()
  .max(63, {
    error: "must be lower-case letters and digits with single '-' or '_' between them, at most 63 characters",
  })
  .regex(/^[a-z0-9]+(?:[_-][a-z0-9]+)*$/, {
    error: "must be lower-case letters and digits with single '-' or '_' between them, at most 63 characters",
  })
  .meta({ id: "Namespace", examples: ["default"] });
