import { definition, JOB, JOBS, long, NAMESPACE, type Row } from "./row.ts";

const RUN = "/v1/runs/{busy}";
const UNAUTHENTICATED = "401 unauthenticated";
const INVALID = "401 token-invalid";
const WHOAMI = "GET /v1/whoami";
const A_TOKEN = "one Authorization header with a bearer token";

/** Sends a header in place of a token. */
const bearer = (authorization: string) => ({ as: "nobody", headers: { authorization } }) as const;
const base64 = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");

/** Who may not. */
export const ACCESS: readonly Row[] = [
  ["B80", "no token", WHOAMI, { as: "nobody" }, UNAUTHENTICATED, A_TOKEN],
  ["B80", "an empty bearer", WHOAMI, bearer("Bearer "), UNAUTHENTICATED, A_TOKEN],
  ["B80", "another scheme", WHOAMI, bearer("Basic cm9vdDpyb290"), UNAUTHENTICATED, A_TOKEN],
  ["B80", "two tokens in one header", WHOAMI, bearer("Bearer a, Bearer b"), UNAUTHENTICATED, A_TOKEN],
  ["B80", "a token in the query", "GET /v1/whoami?access_token=crl_admin_x", { as: "nobody" }, UNAUTHENTICATED, A_TOKEN],
  ["B81", "a token that is none", WHOAMI, bearer("Bearer secret"), INVALID, "The token is not valid"],
  ["B81", "a token of 9,000 characters", WHOAMI, bearer(`Bearer ${long(9_000)}`), INVALID, "The token is not valid"],
  ["B81", "an unknown token", WHOAMI, bearer(`Bearer crl_nobody_${long(43)}`), INVALID, "The token is not valid"],
  ["B81", "a wrong secret", WHOAMI, bearer(`Bearer crl_admin_${long(43)}`), INVALID, "The token is not valid"],
  ["B81", "a JWT without signature", WHOAMI, bearer(`Bearer ${base64({ alg: "none" })}.${base64({ sub: "admin" })}.`), INVALID, "The token is not valid"],
  ["B81", "a JWT signed with a public key", WHOAMI, bearer(`Bearer ${base64({ alg: "HS256" })}.${base64({ sub: "admin" })}.c2ln`), INVALID, "The token is not valid"],
  ["B83", "a viewer who defines", `POST ${JOBS}`, { as: "viewer", ...definition({ name: "fresh" }) }, "403 forbidden", 'must have role "editor"; it has "viewer"'],
  ["B83", "a viewer who triggers", `POST ${JOB}/runs`, { as: "viewer" }, "403 forbidden", 'must have role "operator"'],
  ["B83", "a viewer who cancels", `POST ${RUN}/cancel`, { as: "viewer" }, "403 forbidden", 'must have role "operator"'],
  ["B83", "a viewer who makes tokens", "POST /v1/tokens", { as: "viewer", body: { name: "me", role: "admin" } }, "403 forbidden", 'must have role "admin"'],
  ["B83", "a viewer who lists tokens", "GET /v1/tokens", { as: "viewer" }, "403 forbidden", 'must have role "admin"'],
  ["B83", "a viewer whose body is nonsense", `POST ${JOBS}`, { as: "viewer", body: "{" }, "403 forbidden", 'must have role "editor"'],
  ["B82", "the jobs of another tenant", `GET ${JOBS}`, { as: "stranger" }, "404 not-found", 'Cannot find namespace "default"'],
  ["B82", "a run of another tenant", `GET ${RUN}`, { as: "stranger" }, "404 run-not-found", "Cannot find run"],
  ["B82", "a cancellation of another tenant's run", `POST ${RUN}/cancel`, { as: "stranger" }, "404 run-not-found", "Cannot find run"],
  ["B82", "the calendars of another tenant by a preview", "POST /v1/preview", { as: "stranger", body: { schedule: {}, namespace: "default" } }, "404 not-found", 'Cannot find namespace "default"'],
  ["B83", "the platform's tokens for one namespace's admin", "GET /v1/tokens", { as: "stranger" }, "403 forbidden", "one for all namespaces"],
  ["B84", "a namespace in the body", `POST ${JOBS}`, definition({ name: "fresh", namespace: "other" }), "422 read-only-field", "is set by the server", ["/namespace read-only-field"]],
  ["B84", "a namespace in a header", `GET ${JOBS}`, { as: "stranger", headers: { "x-tenant-id": "default", "x-namespace": "default" } }, "404 not-found", 'Cannot find namespace "default"'],
  ["B84", "another tenant by an audit trail", `GET ${NAMESPACE}/audit`, { as: "stranger" }, "404 not-found", 'Cannot find namespace "default"'],
  ["B81", "a token that lives too long", "POST /v1/tokens", { body: { name: "ci", role: "viewer", expiresIn: "99999d" } }, "422 value-invalid", "3650d", ["/expiresIn value-invalid"]],
  ["B83", "a role that there is not", "POST /v1/tokens", { body: { name: "ci", role: "root" } }, "422 value-not-allowed", "must be one of", ["/role value-not-allowed"]],
  ["B90", "a note with an escape, too long", `POST ${JOB}/pause`, { body: { note: "\u001b[31m".repeat(300) } }, "422 length-out-of-range", "at most 1000 characters", ["/note length-out-of-range"]],
  ["B90", "a path that forges a line", "GET /v1/x%0d%0a2026%20ERROR%20forged", {}, "404 not-found", "\\r\\n"],
  ["B90", "a name that is a lookup", "GET /v1/namespaces/$%7Bjndi:ldap:%2F%2Fx%7D/jobs", {}, "400 invalid-id", "${jndi:ldap://x}"],
]; // prettier-ignore
