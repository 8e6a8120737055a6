import type { JsonObject } from "../../json.ts";
import type { StepError } from "../../workflow/step-error.ts";

/**
 * Largest JSON, in UTF-16 code units, that a workflow makes of what its steps have given: it has to fit into a record of
 * the table, which is one item, together with all else that stands there.
 */
export const MAX_MADE_LENGTH = 64 * 1_024;

/** Why what was made is too large to be kept; `undefined` when it is not. */
export function sizeProblem(what: string, made: JsonObject): StepError | undefined {
  const { length } = JSON.stringify(made);
  if (length <= MAX_MADE_LENGTH) return undefined;
  const message = `${what} take ${length} characters as JSON, at most ${MAX_MADE_LENGTH} may be`;
  return { name: "TOO_LARGE", message };
}
