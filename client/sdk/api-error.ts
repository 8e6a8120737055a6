import type { ErrorCode } from "../../api/contract/error-codes.ts";
import { type FieldError, type Problem, problem, PROBLEM_MEDIA_TYPE, slugOf } from "../../api/contract/problem.ts";

/** The request that an error answers, for messages that point into what was sent. */
export interface SentRequest {
  readonly method: string;
  readonly path: string;
  readonly body?: unknown;
}

/** The server refused a request or failed; its problem document says why. */
export class ApiError extends Error {
  readonly problem: Problem;
  readonly status: number;
  /** The slug that ends `problem.type`. */
  readonly code: ErrorCode;
  readonly errors: readonly FieldError[];
  readonly request: SentRequest;
  /** When the server says that the request may be sent again: so many milliseconds from now. */
  readonly retryAfterMs: number | undefined;
  /** Whether the server itself refused, or the gateway that guards it; else something between it and us answered. */
  readonly isFromServer: boolean;

  constructor(
    problem: Problem,
    about: {
      readonly request: SentRequest;
      readonly retryAfterMs?: number | undefined;
      readonly isFromServer: boolean;
    },
  ) {
    super(problem.detail);
    this.name = "ApiError";
    this.problem = problem;
    this.status = problem.status;
    this.code = slugOf(problem);
    this.errors = problem.errors ?? [];
    this.request = about.request;
    this.retryAfterMs = about.retryAfterMs;
    this.isFromServer = about.isFromServer;
  }
}

/** No answer that can be read: the server was not reached or fell silent. The request may have been carried out all the same. */
export class ConnectionError extends Error {
  readonly reason: "unreachable" | "timeout" | "interrupted" | "malformed";
  readonly request: SentRequest;

  constructor(message: string, about: Pick<ConnectionError, "reason" | "request"> & { readonly cause?: unknown }) {
    super(message, { cause: about.cause });
    this.name = "ConnectionError";
    this.reason = about.reason;
    this.request = about.request;
  }
}

/** Reads the error in a response that is not a success. Its body is consumed. */
export async function readApiError(response: Response, request: SentRequest): Promise<ApiError> {
  const retryAfterMs = parseRetryAfter(response.headers.get("retry-after"), Date.now());
  const mediaType = response.headers.get("content-type") ?? "";
  const text = /json/i.test(mediaType) ? await response.text() : "";
  const document = mediaType.startsWith(PROBLEM_MEDIA_TYPE) ? parseProblem(text) : gatewayProblem(response, text);
  if (document !== undefined) return new ApiError(document, { request, retryAfterMs, isFromServer: true });
  const { status } = response;
  const detail = `Cannot ${request.method} ${request.path}: the answer is ${status} without a problem document`;
  return new ApiError({ ...problem(codeOf(status), detail), status }, { request, retryAfterMs, isFromServer: false });
}

/** Milliseconds that a `Retry-After` header asks for: seconds or an HTTP date. */
export function parseRetryAfter(header: string | null, nowMs: number): number | undefined {
  if (header === null) return undefined;
  if (/^\d{1,9}$/.test(header)) return Number(header) * 1_000;
  const atMs = Date.parse(header);
  return Number.isNaN(atMs) ? undefined : Math.max(0, atMs - nowMs);
}

function parseProblem(text: string): Problem | undefined {
  try {
    const value = JSON.parse(text) as Partial<Problem> | null;
    const isWhole =
      typeof value?.type === "string" && typeof value.detail === "string" && Number.isInteger(value.status);
    return isWhole ? (value as Problem) : undefined;
  } catch {
    return undefined;
  }
}

/**
 * What the API Gateway in front of a server on AWS says in words of its own, before the server is asked. Whom its
 * authorizer knows no token of is told 403.
 *
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-lambda-authorizer.html
 */
function gatewayProblem({ status, headers }: Response, text: string): Problem | undefined {
  const said = GATEWAY_PROBLEMS[`${status} ${messageOf(text)}`];
  const instance = headers.get("apigw-requestid");
  return said && problem(said.code, said.detail, instance === null ? {} : { instance });
}

const GATEWAY_PROBLEMS: Readonly<Record<string, { readonly code: ErrorCode; readonly detail: string } | undefined>> = {
  "401 Unauthorized": { code: "unauthenticated", detail: "The request must have a bearer token" },
  "403 Forbidden": { code: "token-invalid", detail: "The token is not valid" },
  "429 Too Many Requests": { code: "rate-limited", detail: "There are more requests than the gateway lets through" },
};

function messageOf(text: string): string {
  try {
    const value = JSON.parse(text) as { readonly message?: unknown } | null;
    return typeof value?.message === "string" ? value.message : "";
  } catch {
    return "";
  }
}

/** For answers of proxies, which know nothing of our codes. */
function codeOf(status: number): ErrorCode {
  return CODES_BY_STATUS[status] ?? (status >= 500 ? "unavailable" : "internal");
}

const CODES_BY_STATUS: Readonly<Record<number, ErrorCode>> = {
  401: "unauthenticated",
  403: "forbidden",
  404: "not-found",
  405: "method-not-allowed",
  413: "body-too-large",
  429: "rate-limited",
  500: "internal",
};
