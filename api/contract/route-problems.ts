import type { ErrorCode } from "./error-codes.ts";
import type { Route } from "./route.ts";

const ANYWHERE: readonly ErrorCode[] = [
  "request-malformed",
  "uri-too-long",
  "headers-too-large",
  "not-acceptable",
  "query-invalid",
  "internal",
  "unavailable",
];
const WITH_TOKEN: readonly ErrorCode[] = ["unauthenticated", "token-invalid", "forbidden", "rate-limited"];
const WITH_BODY: readonly ErrorCode[] = [
  "body-too-large",
  "unsupported-media-type",
  "json-syntax",
  "json-duplicate-key",
  "json-too-deep",
  "invalid-unicode",
  "forbidden-key",
  "validation-failed",
  "unknown-field",
  "read-only-field",
  "wrong-type",
  "number-out-of-range",
  "length-out-of-range",
  "value-not-allowed",
  "value-invalid",
];
const WITH_KEY: readonly ErrorCode[] = ["idempotency-key-invalid", "idempotency-mismatch", "idempotency-in-progress"];

/** Every problem that a route may answer with: its own, and those that follow from what it takes. */
export function problemsOf(route: Route): readonly ErrorCode[] {
  const { role, scope, params, body, isBodyOptional, action, conditions, idempotency, problems = [] } = route;
  return [
    ...new Set([
      ...ANYWHERE,
      ...when(role !== "public", WITH_TOKEN),
      ...when(params !== undefined, ["invalid-id"]),
      ...when(params !== undefined && scope !== "run", ["not-found"]),
      ...when(scope === "run", ["run-not-found"]),
      ...when(body !== undefined, WITH_BODY),
      ...when(body !== undefined && isBodyOptional !== true, ["body-required", "required-field"]),
      ...when(action !== undefined, ["storage-full"]),
      ...when(conditions !== undefined, ["header-invalid"]),
      ...when(idempotency !== undefined, WITH_KEY),
      ...problems,
    ]),
  ];
}

function when(applies: boolean, codes: readonly ErrorCode[]): readonly ErrorCode[] {
  return applies ? codes : [];
}
