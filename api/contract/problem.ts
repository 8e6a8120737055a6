import type { Json } from "../../core/json.ts";
import { ERROR_CODES, type ErrorCode } from "./error-codes.ts";
import { MAX_REPORTED_ERRORS } from "./limits.ts";

/** A problem document, sent as `application/problem+json`. See RFC 9457: https://www.rfc-editor.org/rfc/rfc9457 */
export interface Problem {
  /** `urn:carillon:problem:<slug>`: what programs may switch on. */
  readonly type: `urn:carillon:problem:${ErrorCode}`;
  readonly title: string;
  readonly status: number;
  /** One sentence about this occurrence. */
  readonly detail: string;
  /** Id of the request. */
  readonly instance?: string;
  /** All faults of the input, in its order, at most 50. */
  readonly errors?: readonly FieldError[];
}

/** One fault in the input. */
export interface FieldError {
  /** Where: a JSON Pointer into the input; empty for the whole of it. */
  readonly pointer: string;
  readonly code: ErrorCode;
  /** One sentence that names field, rule and value. */
  readonly detail: string;
  /** What would be accepted: values, known fields, or `{minimum, maximum}`. */
  readonly allowed?: Json;
  /** In a text with a grammar, such as a cron expression: the index of the character at fault. */
  readonly position?: number;
}

export const PROBLEM_MEDIA_TYPE = "application/problem+json";

/** A failure that its cause may be told about. `headers` belong to the response, such as `Retry-After`. */
export class ProblemError extends Error {
  readonly problem: Problem;
  readonly code: ErrorCode;
  readonly headers: Readonly<Record<string, string>>;

  constructor(problem: Problem, options: { headers?: Readonly<Record<string, string>>; cause?: unknown } = {}) {
    super(problem.detail, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "ProblemError";
    this.problem = problem;
    this.code = slugOf(problem);
    this.headers = options.headers ?? {};
  }
}

/** Builds a problem; status and title follow from the code. */
export function problem(
  code: ErrorCode,
  detail: string,
  extra: { readonly instance?: string; readonly errors?: readonly FieldError[] } = {},
): Problem {
  return { type: `urn:carillon:problem:${code}`, ...ERROR_CODES[code], detail, ...extra };
}

/**
 * Builds the problem for faults found in one input. It takes the code the faults share; else that of the first malformed
 * one (400), as the others may follow from it; else `validation-failed`.
 *
 * @throws {RangeError} when there is no fault
 */
export function problemOfErrors(errors: readonly FieldError[]): Problem {
  const [first] = errors;
  if (first === undefined) throw new RangeError("Cannot build a problem: no error was given");
  const malformed = errors.find((error) => ERROR_CODES[error.code].status === 400);
  const shared = errors.every((error) => error.code === first.code) ? first.code : undefined;
  const more = errors.length - 1;
  return problem(
    shared ?? malformed?.code ?? "validation-failed",
    more === 0 ? first.detail : `${first.detail} (and ${more} more ${more === 1 ? "error" : "errors"})`,
    { errors: errors.slice(0, MAX_REPORTED_ERRORS) },
  );
}

/** The slug that ends a problem's type. */
export function slugOf(problem: Problem): ErrorCode {
  return problem.type.slice("urn:carillon:problem:".length) as ErrorCode;
}
