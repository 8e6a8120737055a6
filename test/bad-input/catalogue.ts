import type { Id } from "./ids.ts";

/** A test that stands elsewhere: its file, and a text of its title there. */
export interface Carrier {
  readonly file: string;
  readonly title: string;
}

const at = (file: string, title: string): Carrier => ({ file, title });
const HTTP = "test/worker/executors/http-executor.test.ts";
const COMMAND = "test/worker/executors/command-executor.test.ts";
const GUARD = "test/adapters/http-rules/target-guard.test.ts";
const ROUTES = "test/api/route-table.test.ts";

/**
 * Tests of rows of the catalogue (section 4 of the reliability study) that don't bear their id, because they belong to
 * what they test. Rows of the tables in this folder, and tests whose title begins with `B24:`, are found by themselves.
 */
export const ELSEWHERE: Readonly<Partial<Record<Id, readonly Carrier[]>>> = {
  B5: [at("test/api/bodies.test.ts", "stops reading a chunked body at the limit")],
  B9: [at("test/api/bodies.test.ts", "tells the methods that a path has")],
  B14: [at("test/api/bodies.test.ts", "leaves the prototype of objects alone")],
  B57: [
    at("test/core/services/workflow-bounds.test.ts", "go ten deep, and the step that would go deeper fails"),
    at("test/core/services/workflows.test.ts", "or when it is part of itself"),
  ],
  B64: [
    at("test/core/workflow/resolve.test.ts", "refuses lists that are too long"),
    at("test/core/services/workflow-bounds.test.ts", "a list of items of more than 256 KB"),
  ],
  B69: [at("test/api/jobs.test.ts", "job-has-active-runs")],
  B77: [at("test/core/services/attempts.test.ts", "that fell silent and comes back late is refused")],
  B82: [at(ROUTES, "hides what is in other namespaces, whatever the role and whatever is there")],
  B83: [at(ROUTES, "is for its role and those above"), at(ROUTES, "is not for tokens of some namespaces")],
  B91: [at(GUARD, "refuses every spelling of every address that is not public")],
  B92: [at(GUARD, "another spelling or a tunnel")],
  B93: [
    at(HTTP, "hands on the addresses that were checked, and resolves once"),
    at(HTTP, "connects to the checked address, whatever the system's resolver says"),
  ],
  B94: [
    at(HTTP, "that lead in a circle end at the limit"),
    at(HTTP, "to a name that resolves to a private address are refused"),
    at(HTTP, "carry no credentials to another origin, and all headers to the same"),
  ],
  B97: [
    at(HTTP, "gives up on an endless response"),
    at(HTTP, "gives up on a small response that decompresses to a large one"),
  ],
  B98: [at(HTTP, "refuses a certificate that nobody vouches for")],
  B101: [at(COMMAND, "passes arguments literally: no shell reads them")],
  B102: [at(COMMAND, "passes on nothing but the listed variables and those that name the attempt")],
  B104: [at("test/adapters/embedded/sqlite-store.test.ts", "says what to do when the folder cannot be used")],
};

/** Rows that wait for a feature: with it they are moved to a table. */
export const JOINS: Readonly<Partial<Record<Id, string>>> = {
  B99: "inbound webhooks: nothing listens for events",
};

/** Rows that are tested and answered otherwise than the catalogue proposes, and why. */
export const DIFFERS: Readonly<Partial<Record<Id, string>>> = {
  B5: "a body that is not as long as it said is 400 request-malformed: it is no JSON to be measured",
  B6: "compressed bodies are refused as such (415), so there is nothing to be unpacked",
  B11: "-0 is read as 0, as docs/api.md says; the range then decides",
  B20: "seven fields are taken, the last being the year",
  B28: "1W, the nearest weekday, is supported",
  B30: "each second is allowed; less than a second can't be written",
  B31: "the message gives examples; no unit is guessed at",
  B42: "none of cron and every is a job that is triggered by hand",
  B43: "at most 1,000 slots are caught up, and never more than 366 days: the fields' own ranges say so",
  B44: "a name in a path is 400 invalid-id, in a body 422",
  B45: "names have one spelling only, so others are name-invalid and none can be mistaken for another",
  B46: "labels are the tags; one that is too long is length-out-of-range",
  B47: "a text for a number is wrong-type",
  B49: "a word for jitter is wanted, so a number is wrong-type",
  B51: "priorities are words, so a number is wrong-type",
  B53: "calendars are the references; any pool may be named before it has a worker; secrets and channels join with them",
  B54: "tokens, the secrets of the product, are never told; literals in definitions are refused once there are secret references",
  B57: "how deep workflows are part of one another is known when they run: the step fails with WORKFLOW_TOO_DEEP or WORKFLOW_RECURSION",
  B58: "a condition on a step that need not have ended is expression-invalid; a step without needs is a first one, so none is out of reach",
  B59: "an expression of more than 2,000 characters is length-out-of-range",
  B64: "how many items there are is known when the step begins: it fails with MAP_TOO_LARGE, or with EXPRESSION_ERROR for what is no list",
  B60: "patterns run in linear time, so those that others choke on are accepted",
  B62: "PATH and AWS_* may be set for a job's own process; only what changes how it is loaded is reserved",
  B63: "the shape is checked; a policy for images joins with one",
  B70: "a deleted job is 404 like any that is not there",
  B75: "cursors name a place and don't expire",
  B77: "workers speak to the store, not to the API: a fenced write is refused there",
  B78: "workers speak to the store, not to the API; the API's only route about a worker is tested",
  B84: "the namespace is in the path: in a body it is read-only, a header is not looked at",
  B85: "there is no start without tokens and no default one, whatever the host; a number out of range ends with 1",
  B86: "there is no such route",
  B88: "there are no cookies and no CORS, so another origin is nobody",
  B100: "our own address is a private one like others",
  B102: "the embedded body runs jobs as its own user: its environment is clean, its folder its own, /proc is not hidden",
  B104: "zero bytes are a new database; locked, read-only and full ones are the store's own tests",
};
