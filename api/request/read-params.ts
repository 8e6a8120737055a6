import type { z } from "zod";
import { problem, ProblemError } from "../contract/problem.ts";
import { validate } from "../contract/validate.ts";

/**
 * Checks the ids in a path.
 *
 * @throws {ProblemError} `invalid-id`
 */
export function readParams(values: Readonly<Record<string, string>>, schema: z.ZodObject | undefined): unknown {
  if (schema === undefined) return undefined;
  try {
    return validate(schema, values);
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    const { detail, errors = [] } = error.problem;
    throw new ProblemError(problem("invalid-id", detail, { errors }), { cause: error });
  }
}
