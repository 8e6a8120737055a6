import { z } from "zod";
import { problem, ProblemError } from "../contract/problem.ts";
import { quoteValue } from "../contract/quote.ts";
import { validate } from "../contract/validate.ts";

const NO_QUERY = z.strictObject({});

/**
 * Reads and checks the query of a request; texts become numbers and booleans where the schema wants them.
 *
 * @throws {ProblemError} `query-invalid` with all faults together
 */
export function readQuery(search: URLSearchParams, schema: z.ZodObject = NO_QUERY): unknown {
  const values: Record<string, unknown> = Object.create(null);
  for (const [name, text] of search) {
    if (name in values) {
      throw new ProblemError(problem("query-invalid", `Query parameter ${quoteValue(name)} must be given once`));
    }
    values[name] = fromText(text, Object.hasOwn(schema.shape, name) ? schema.shape[name] : undefined);
  }
  try {
    return validate(schema, { ...values }, { readOnlyFields: [] });
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    const { detail, errors = [] } = error.problem;
    throw new ProblemError(problem("query-invalid", detail, { errors }), { cause: error });
  }
}

/** What is not written as its kind wants stays a text, for the schema to refuse. */
function fromText(text: string, schema: z.core.$ZodType | undefined): unknown {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault) return fromText(text, schema.unwrap());
  if (schema instanceof z.ZodNumber && /^-?\d{1,15}(?:\.\d{1,15})?$/.test(text)) return Number(text);
  if (schema instanceof z.ZodBoolean && /^(?:true|false)$/.test(text)) return text === "true";
  return text;
}
