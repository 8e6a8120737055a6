import { PROBLEM_MEDIA_TYPE, problem, ProblemError } from "../contract/problem.ts";
import type { Route } from "../contract/route.ts";

export const MAX_URL_LENGTH = 8_192;
export const MAX_HEADERS = 100;
export const MAX_HEADER_LENGTH = 16_384;
const MAX_ACCEPT_RANGES = 32;

/**
 * Checks the outside of a request, before anything of it is trusted.
 *
 * @throws {ProblemError} `uri-too-long`, `headers-too-large`
 */
export function checkSize(request: Request): void {
  if (request.url.length > MAX_URL_LENGTH) {
    throw new ProblemError(problem("uri-too-long", `The address must be at most ${MAX_URL_LENGTH} characters`));
  }
  let count = 0;
  let length = 0;
  for (const [name, value] of request.headers) {
    count += 1;
    length += name.length + value.length;
  }
  if (count > MAX_HEADERS || length > MAX_HEADER_LENGTH) {
    const rule = `at most ${MAX_HEADERS} and together at most ${MAX_HEADER_LENGTH} characters`;
    throw new ProblemError(problem("headers-too-large", `The headers must be ${rule}`));
  }
}

/**
 * Checks that the client takes one of the media types that the route answers with.
 *
 * @throws {ProblemError} `not-acceptable`
 */
export function checkAccept(request: Request, route: Route): void {
  const accept = request.headers.get("accept");
  // Whoever reads metrics sends a list of formats of its own; the text format is what all of them fall back to.
  if (accept === null || route.path === "/metrics") return;
  const offered = ["application/json", PROBLEM_MEDIA_TYPE];
  if (route.path.endsWith("/logs")) offered.push(EVENT_STREAM);
  if (route.path.endsWith("/graph")) offered.push("text/plain");
  if (offered.some((type) => isAccepted(accept, type))) return;
  throw new ProblemError(problem("not-acceptable", `The Accept header must allow ${offered[0]}`));
}

export const EVENT_STREAM = "text/event-stream";

/** Whether an `Accept` header allows a media type. */
export function isAccepted(accept: string, type: string): boolean {
  const [kind = ""] = type.split("/");
  return accept
    .split(",", MAX_ACCEPT_RANGES)
    .map((range) =>
      range
        .trim()
        .toLowerCase()
        .split(/\s*;\s*/),
    )
    .some(
      ([range = "", ...options]) =>
        (range === type || range === `${kind}/*` || range === "*/*") &&
        !options.some((option) => /^q=0(?:\.0*)?$/.test(option)),
    );
}
