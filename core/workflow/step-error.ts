import { ExpressionFault } from "./expression.ts";

export interface StepError {
  /** Such as `EXPRESSION_ERROR`. */
  readonly name: string;
  readonly message: string;
}

/**
 * What `evaluate` gives, or the fault of an expression as an error of the step.
 *
 * @throws whatever else `evaluate` throws
 */
export function valueOrError<T>(evaluate: () => T): { readonly value: T } | { readonly error: StepError } {
  try {
    return { value: evaluate() };
  } catch (error) {
    if (!(error instanceof ExpressionFault)) throw error;
    return { error: { name: error.name, message: error.message } };
  }
}
