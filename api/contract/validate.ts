import type { z } from "zod";
import { ProblemError, problemOfErrors } from "./problem.ts";
import { toFieldErrors } from "./field-errors.ts";

export interface ValidateOptions {
  /** Fields that belong to the server: sending them is told apart from a misspelling. */
  readonly readOnlyFields?: readonly string[];
}

/** What the server alone sets on the things it keeps. */
export const READ_ONLY_FIELDS = [
  "id", "namespace", "tenantId", "version", "etag", "state", "status", "role", "paused", "nextSlot",
  "createdAt", "createdBy", "updatedAt", "updatedBy",
] as const; // prettier-ignore

/**
 * Parses a value from outside by its schema.
 *
 * @throws {ProblemError} 422 with all faults together, each with its JSON Pointer and code
 */
export function validate<S extends z.ZodType>(schema: S, value: unknown, options: ValidateOptions = {}): z.output<S> {
  const { readOnlyFields = READ_ONLY_FIELDS } = options;
  const result = schema.safeParse(value, { reportInput: true });
  if (result.success) return result.data;
  throw new ProblemError(problemOfErrors(toFieldErrors(result.error.issues, { schema, value, readOnlyFields })));
}
