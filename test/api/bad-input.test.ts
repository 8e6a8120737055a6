import { describe, expect, it } from "vitest";
import { ERROR_CODES } from "../../api/contract/error-codes.ts";
import { ApiRig, faultsOf, REPORT, type SendOptions, slugOf } from "./api-rig.ts";

const JOBS = "/v1/namespaces/default/jobs";
const JOB = `${JOBS}/report`;
const RUN = "/v1/runs/default.report@20260105T020000.000Z";

/** Name, method, path, what is sent, the status and slug of the answer, and its faults. */
type Case = [string, string, string, SendOptions, string, string[]?];

const long = (length: number) => "x".repeat(length);
const definition = (change: object) => ({ body: { ...REPORT, ...change } });
const fresh = (change: object) => definition({ name: "fresh", ...change });
const schedule = (change: object) => fresh({ schedule: change });

const TRANSPORT: Case[] = [
  ["an empty body", "POST", JOBS, { body: "" }, "400 body-required"],
  ["no body where one is needed", "POST", `${JOB}/resume`, {}, "400 body-required"],
  ["half of a JSON text", "POST", JOBS, { body: '{"name": "a"' }, "400 json-syntax"],
  ["a key twice", "POST", JOBS, { body: '{"name":"a","name":"b"}' }, "400 json-duplicate-key", ["/name json-duplicate-key"]],
  ["deep nesting", "POST", JOBS, { body: "[".repeat(200_000) }, "400 json-too-deep"],
  ["a body of 300 KB", "POST", JOBS, { body: `"${long(300_000)}"` }, "413 body-too-large"],
  ["a Content-Length beyond the limit", "POST", JOBS, { body: "{}", headers: { "content-length": "300000" } }, "413 body-too-large"],
  ["a text", "POST", JOBS, { body: "{}", headers: { "content-type": "text/plain" } }, "415 unsupported-media-type"],
  ["another character set", "POST", JOBS, { body: "{}", headers: { "content-type": "application/json; charset=latin1" } }, "415 unsupported-media-type"],
  ["a compressed body", "POST", JOBS, { body: "{}", headers: { "content-encoding": "gzip" } }, "415 unsupported-media-type"],
  ["a client that takes XML only", "GET", JOBS, { headers: { accept: "application/xml" } }, "406 not-acceptable"],
  ["a client that refuses JSON", "GET", JOBS, { headers: { accept: "application/json;q=0, application/problem+json;q=0.0" } }, "406 not-acceptable"],
  ["an unknown method", "PUT", JOBS, { body: {} }, "405 method-not-allowed"],
  ["OPTIONS", "OPTIONS", JOBS, {}, "405 method-not-allowed"],
  ["half of a surrogate pair", "POST", JOBS, { body: String.raw`{"name":"\ud800"}` }, "400 invalid-unicode", ["/name invalid-unicode"]],
  ["infinity", "POST", JOBS, { body: '{"retry":{"maxAttempts":1e400}}' }, "422 number-out-of-range", ["/retry/maxAttempts number-out-of-range"]],
  ["an integer that would be rounded", "POST", JOBS, { body: '{"x":9007199254740993}' }, "422 number-out-of-range", ["/x number-out-of-range"]],
  ["a misspelt field", "POST", JOBS, definition({ shedule: {} }), "422 unknown-field", ["/shedule unknown-field"]],
  ["a way to the prototype", "POST", JOBS, { body: '{"__proto__":{"admin":true}}' }, "422 forbidden-key", ["/__proto__ forbidden-key"]],
  ["fields of the server", "POST", JOBS, definition({ tenantId: "x", state: "active" }), "422 read-only-field", ["/tenantId read-only-field", "/state read-only-field"]],
  ["a list for an object", "POST", JOBS, { body: [] }, "422 wrong-type", [" wrong-type"]],
  ["null for an object", "POST", JOBS, definition({ executor: null }), "422 wrong-type", ["/executor wrong-type"]],
  ["200 headers", "GET", JOBS, { headers: Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`x-${i}`, "1"])) }, "431 headers-too-large"],
  ["a cookie of 64 KB", "GET", JOBS, { headers: { cookie: long(65_536) } }, "431 headers-too-large"],
  ["an address of 20 KB", "GET", `${JOBS}?label=${long(20_000)}`, {}, "414 uri-too-long"],
  ["NUL in an id", "GET", `${JOBS}/a%00b`, {}, "400 invalid-id", ["/job name-invalid"]],
  ["a path in an id", "GET", `${JOBS}/%2e%2e%2fb`, {}, "400 invalid-id", ["/job name-invalid"]],
  ["capitals in a namespace", "GET", "/v1/namespaces/Default/jobs", {}, "400 invalid-id", ["/namespace name-invalid"]],
  ["what is no run id", "GET", "/v1/runs/report", {}, "400 invalid-id", ["/runId value-invalid"]],
  ["a run id of no instant", "GET", "/v1/runs/default.report@20261399T000000.000Z", {}, "400 invalid-id", ["/runId value-invalid"]],
  ["an unknown route", "GET", "/v1/debug/heap", {}, "404 not-found"],
]; // prettier-ignore

const QUERIES: Case[] = [
  ["limit 0", "GET", `${JOBS}?limit=0`, {}, "422 query-invalid", ["/limit number-out-of-range"]],
  ["limit 100000", "GET", `${JOBS}?limit=100000`, {}, "422 query-invalid", ["/limit number-out-of-range"]],
  ["a limit in words", "GET", `${JOBS}?limit=ten`, {}, "422 query-invalid", ["/limit wrong-type"]],
  ["a parameter twice", "GET", `${JOBS}?limit=1&limit=2`, {}, "422 query-invalid"],
  ["an unknown parameter", "GET", `${JOBS}?sort=password`, {}, "422 query-invalid", ["/sort unknown-field"]],
  ["a parameter named __proto__", "GET", `${JOBS}?__proto__=1`, {}, "422 query-invalid"],
  ["a parameter where there is none", "GET", `${JOB}/why?x=1`, {}, "422 query-invalid", ["/x unknown-field"]],
  ["an unknown state", "GET", `${JOBS}?state=activ`, {}, "422 query-invalid", ["/state value-not-allowed"]],
  ["an unknown status", "GET", `${JOB}/runs?status=done`, {}, "422 query-invalid", ["/status value-not-allowed"]],
  ["a label without value", "GET", `${JOBS}?label=team`, {}, "422 query-invalid", ["/label value-invalid"]],
  ["a made-up cursor", "GET", `${JOBS}?cursor=abc.def`, {}, "400 cursor-invalid"],
  ["a cursor that is no base64", "GET", `${JOBS}?cursor=%25%25`, {}, "400 cursor-invalid"],
  ["an instant without offset", "GET", `${JOB}/ledger?from=2026-01-01T00:00:00`, {}, "422 query-invalid"],
  ["a stretch that ends before it begins", "GET", `${JOB}/ledger?from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z`, {}, "422 window-empty", ["/to window-empty"]],
  ["the same, of rows", "GET", `${JOB}/ledger?rows=true&from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z`, {}, "422 window-empty", ["/to window-empty"]],
  ["version 0", "GET", `${JOB}?version=0`, {}, "422 query-invalid", ["/version number-out-of-range"]],
  ["a flag that is neither true nor false", "DELETE", `${JOB}?cancel=yes`, {}, "422 query-invalid", ["/cancel wrong-type"]],
]; // prettier-ignore

const HEADERS: Case[] = [
  ["an If-Match without quotes", "PUT", JOB, { ...definition({}), headers: { "if-match": "1" } }, "400 header-invalid"],
  ["a weak If-Match", "PUT", JOB, { ...definition({}), headers: { "if-match": 'W/"1"' } }, "400 header-invalid"],
  ["an If-None-Match with a version", "PUT", JOB, { ...definition({}), headers: { "if-none-match": '"1"' } }, "400 header-invalid"],
  ["both conditions", "PUT", JOB, { ...definition({}), headers: { "if-match": '"1"', "if-none-match": "*" } }, "400 header-invalid"],
  ["an empty idempotency key", "POST", `${JOB}/runs`, { headers: { "idempotency-key": "" } }, "400 idempotency-key-invalid"],
  ["an idempotency key of 1 KB", "POST", `${JOB}/runs`, { headers: { "idempotency-key": long(1_024) } }, "400 idempotency-key-invalid"],
  ["an idempotency key with a tab", "POST", `${JOB}/runs`, { headers: { "idempotency-key": "a\tb" } }, "400 idempotency-key-invalid"],
]; // prettier-ignore

const DEFINITIONS: Case[] = [
  ["an empty cron", "POST", JOBS, schedule({ cron: " " }), "422 cron-empty", ["/schedule/cron cron-empty"]],
  ["four cron fields", "POST", JOBS, schedule({ cron: "* * * *" }), "422 cron-field-count", ["/schedule/cron cron-field-count"]],
  ["minute 60", "POST", JOBS, schedule({ cron: "60 * * * *" }), "422 cron-out-of-range", ["/schedule/cron cron-out-of-range"]],
  ["30 February", "POST", JOBS, schedule({ cron: "0 0 30 2 *" }), "422 cron-never-fires", ["/schedule/cron cron-never-fires"]],
  ["a reversed range", "POST", JOBS, schedule({ cron: "5-1 * * * *" }), "422 cron-bad-range", ["/schedule/cron cron-bad-range"]],
  ["a step beyond the range", "POST", JOBS, schedule({ cron: "*/70 * * * *" }), "422 cron-bad-step", ["/schedule/cron cron-bad-step"]],
  ["Mars", "POST", JOBS, schedule({ cron: "0 0 * * *", timezone: "Mars/Phobos" }), "422 timezone-unknown", ["/schedule/timezone timezone-unknown"]],
  ["two kinds of schedule", "POST", JOBS, schedule({ cron: "0 0 * * *", every: "5m" }), "422 schedule-ambiguous", ["/schedule/every schedule-ambiguous"]],
  ["an interval of 10 s where 1 s is the least", "POST", JOBS, schedule({ every: "0s" }), "422 interval-invalid", ["/schedule/every interval-invalid"]],
  ["an instant that is past", "POST", JOBS, schedule({ at: "2020-01-01T00:00:00Z" }), "422 at-in-past", ["/schedule/at at-in-past"]],
  ["an end before the start", "POST", JOBS, schedule({ every: "1h", startAt: "2027-01-01T00:00:00Z", endAt: "2026-06-01T00:00:00Z" }), "422 window-empty", ["/schedule/endAt window-empty"]],
  ["a calendar that is not there", "POST", JOBS, schedule({ cron: "0 0 * * *", calendars: ["holidays"] }), "422 unknown-reference", ["/schedule/calendars/0 unknown-reference"]],
  ["a name with a slash", "POST", JOBS, fresh({ name: "a/b" }), "422 name-invalid", ["/name name-invalid"]],
  ["51 labels", "POST", JOBS, fresh({ labels: Object.fromEntries(Array.from({ length: 51 }, (_, i) => [`l${i}`, "x"])) }), "422 too-many-labels", ["/labels too-many-labels"]],
  ["parameters of 129 KB", "POST", JOBS, fresh({ parameters: { a: long(129 * 1_024) } }), "422 payload-too-large", ["/parameters payload-too-large"]],
  ["a command without argv", "POST", JOBS, fresh({ executor: { type: "command" } }), "422 executor-invalid", ["/executor/argv executor-invalid"]],
  ["a function where no worker can invoke one", "POST", JOBS, fresh({ executor: { type: "lambda", function: "report" } }), "422 executor-invalid", ["/executor/type executor-invalid"]],
  ["a macro that there is not", "POST", JOBS, fresh({ parameters: { a: "{{env.SECRET}}" } }), "422 template-invalid", ["/parameters/a template-invalid"]],
  ["a backoff that shrinks", "POST", JOBS, fresh({ retry: { backoff: { initial: "1m", max: "1s" } } }), "422 backoff-invalid", ["/retry/backoff/max backoff-invalid"]],
  ["a pattern with a back-reference", "POST", JOBS, fresh({ parametersSchema: { properties: { a: { pattern: "(a)\\1" } } } }), "422 regex-unsafe", ["/parametersSchema regex-unsafe"]],
  ["a property pattern that looks ahead", "POST", JOBS, fresh({ parametersSchema: { patternProperties: { "(?=a)": {} } } }), "422 regex-unsafe", ["/parametersSchema regex-unsafe"]],
  ["a name that is not the path's", "PUT", JOB, definition({ name: "other" }), "422 value-not-allowed", ["/name value-not-allowed"]],
  ["several faults", "POST", JOBS, fresh({ overlap: "skp", retry: { maxAttempts: 0 }, nmae: "x" }), "422 validation-failed", ["/overlap value-not-allowed", "/retry/maxAttempts number-out-of-range", "/nmae unknown-field"]],
  ["a preview of 10^9 slots", "POST", "/v1/preview", { body: { schedule: { every: "1h" }, count: 1_000_000_000 } }, "422 limit-too-large", ["/count limit-too-large"]],
  ["a preview of a bad schedule", "POST", "/v1/preview", { body: { schedule: { cron: "x" } } }, "422 cron-field-count", ["/schedule/cron cron-field-count"]],
  ["a preview of a job in no namespace", "POST", "/v1/preview", { body: { schedule: {}, job: "report" } }, "422 required-field", ["/namespace required-field"]],
  ["a plan with a bad schedule", "POST", "/v1/namespaces/default/plan", { body: { definitions: [REPORT, { ...REPORT, name: "b", schedule: { cron: "60 * * * *" } }] } }, "422 cron-out-of-range", ["/definitions/1/schedule/cron cron-out-of-range"]],
  ["a plan with a bad executor", "POST", "/v1/namespaces/default/plan", { body: { definitions: [{ ...REPORT, executor: { type: "command" } }] } }, "422 executor-invalid", ["/definitions/0/executor/argv executor-invalid"]],
  ["a plan with a name twice", "POST", "/v1/namespaces/default/plan", { body: { definitions: [REPORT, REPORT] } }, "409 name-taken", ["/definitions/1/name name-taken"]],
  ["a calendar whose range is reversed", "PUT", "/v1/namespaces/default/calendars/c", { body: { name: "c", exclude: [{ from: "2026-02-01", to: "2026-01-01" }] } }, "422 calendar-range-reversed", ["/exclude/0 calendar-range-reversed"]],
  ["a token that lives too long", "POST", "/v1/tokens", { body: { name: "ci", role: "viewer", expiresIn: "99999d" } }, "422 value-invalid", ["/expiresIn value-invalid"]],
  ["a role that there is not", "POST", "/v1/tokens", { body: { name: "ci", role: "root" } }, "422 value-not-allowed", ["/role value-not-allowed"]],
]; // prettier-ignore

const STATES: Case[] = [
  ["a name that is taken", "POST", JOBS, definition({}), "409 name-taken"],
  ["an update that says not of what", "PUT", JOB, definition({ pool: "x" }), "428 precondition-required"],
  ["an update of a version that is past", "PUT", JOB, { ...definition({}), headers: { "if-match": '"9"' } }, "412 version-conflict"],
  ["a creation where there is one", "PUT", JOB, { ...definition({}), headers: { "if-none-match": "*" } }, "412 version-conflict"],
  ["an update of what is not there", "PUT", `${JOBS}/none`, { ...definition({ name: "none" }), headers: { "if-match": "*" } }, "412 version-conflict"],
  ["a pause of a version that is past", "POST", `${JOB}/pause`, { headers: { "if-match": '"9"' } }, "412 version-conflict"],
  ["an unknown job", "GET", `${JOBS}/none`, {}, "404 not-found"],
  ["the ledger of an unknown job", "GET", `${JOBS}/none/ledger`, {}, "404 not-found"],
  ["the rows of an unknown job", "GET", `${JOBS}/none/ledger?rows=true`, {}, "404 not-found"],
  ["a trigger of an unknown job", "POST", `${JOBS}/none/runs`, {}, "404 not-found"],
  ["a deletion of an unknown job", "DELETE", `${JOBS}/none`, {}, "404 not-found"],
  ["a version that never was", "GET", `${JOB}?version=7`, {}, "404 not-found"],
  ["an unknown run", "GET", RUN, {}, "404 run-not-found"],
  ["a cancellation of an unknown run", "POST", `${RUN}/cancel`, {}, "404 run-not-found"],
  ["an unknown backfill", "GET", `${JOB}/backfills/abc`, {}, "404 not-found"],
  ["an unknown calendar", "GET", "/v1/namespaces/default/calendars/none", {}, "404 not-found"],
  ["an unknown worker", "POST", "/v1/workers/default/w9/drain", {}, "404 not-found"],
  ["an unknown token", "DELETE", "/v1/tokens/abc", {}, "404 not-found"],
  ["a trigger of a job that is paused", "POST", `${JOBS}/held/runs`, {}, "409 job-not-active"],
  ["parameters beside requests", "POST", `${JOB}/runs`, { body: { parameters: {}, requests: [{}] } }, "422 value-invalid", ["/parameters value-invalid"]],
  ["1,001 requests", "POST", `${JOB}/runs`, { body: { requests: Array.from({ length: 1_001 }, () => ({})) } }, "422 length-out-of-range", ["/requests length-out-of-range"]],
  ["a fault within requests", "POST", `${JOB}/runs`, { body: { requests: [{}, { priority: "hihg" }] } }, "422 value-not-allowed", ["/requests/1/priority value-not-allowed"]],
  ["parameters of a run of 129 KB", "POST", `${JOB}/runs`, { body: { parameters: { a: long(129 * 1_024) } } }, "422 payload-too-large", ["/parameters payload-too-large"]],
  ["a backfill of no time", "POST", `${JOB}/backfills`, { body: { from: "2026-01-02T00:00:00Z", to: "2026-01-02T00:00:00Z" } }, "422 window-empty", ["/to window-empty"]],
  ["a backfill of the future", "POST", `${JOB}/backfills`, { body: { from: "1971-01-02T00:00:00Z", to: "2071-01-02T00:00:00Z" } }, "422 datetime-out-of-range", ["/to datetime-out-of-range"]],
  ["a backfill of 54 years", "POST", `${JOB}/backfills`, { body: { from: "1971-01-02T00:00:00Z", to: "2025-01-02T00:00:00Z" } }, "422 backfill-too-large", ["/to backfill-too-large"]],
]; // prettier-ignore

describe.each([
  ["of the transport", TRANSPORT],
  ["in queries", QUERIES],
  ["in headers", HEADERS],
  ["in definitions", DEFINITIONS],
  ["against what is stored", STATES],
])("bad input %s", (_, cases) => {
  it.each(cases)("refuses %s: %s %s", async (_name, method, path, options, expected, faults) => {
    const rig = await ApiRig.open();
    await rig.define();
    await rig.define({ name: "held" });
    await rig.send("POST", `${JOBS}/held/pause`);
    const before = rig.dump();

    const answer = await rig.send(method, path, options);

    expect(`${answer.status} ${slugOf(answer)}`).toBe(expected);
    if (faults !== undefined) expect(faultsOf(answer)).toEqual(faults);
    expect(answer.headers.get("content-type")).toBe("application/problem+json");
    expect(answer.body.instance).toBe(answer.headers.get("carillon-request-id"));
    expect(ERROR_CODES).toHaveProperty([slugOf(answer)]);
    expect(answer.text.length).toBeLessThan(20_000);
    expect(rig.dump()).toBe(before);
    expect(rig.events.some(({ event }) => event === "failure")).toBe(false);
  });
});

describe("bodies", () => {
  it("stops reading a chunked body at the limit", async () => {
    const rig = await ApiRig.open();
    let pulled = 0;
    const endless = new ReadableStream<Uint8Array>({
      pull(controller) {
        pulled += 1;
        controller.enqueue(new Uint8Array(65_536).fill(32));
      },
    });
    const headers = { authorization: `Bearer ${rig.admin}`, "content-type": "application/json" };
    const init = { method: "POST", headers, body: endless, duplex: "half" };

    const response = await rig.app.request(JOBS, init as RequestInit);

    expect(response.status).toBe(413);
    expect(pulled).toBeLessThan(10);
  });

  it("reads a body that comes in pieces", async () => {
    const rig = await ApiRig.open();
    const bytes = new TextEncoder().encode(JSON.stringify({ ...REPORT, description: "größer" }));
    const pieces = new ReadableStream<Uint8Array>({
      start(controller) {
        for (const byte of bytes) controller.enqueue(Uint8Array.of(byte));
        controller.close();
      },
    });
    const headers = { authorization: `Bearer ${rig.admin}`, "content-type": "application/json;charset=UTF-8" };
    const init = { method: "POST", headers, body: pieces, duplex: "half" };

    const response = await rig.app.request(JOBS, init as RequestInit);

    expect(await response.json()).toMatchObject({ definition: { description: "größer" } });
  });

  it("names the fields that an empty body lacks", async () => {
    const rig = await ApiRig.open();

    expect((await rig.send("POST", JOBS, { body: "" })).body.detail).toBe(
      'The body must be a JSON object with "name", "executor"; it is empty',
    );
  });

  it("tells the methods that a path has", async () => {
    const rig = await ApiRig.open();

    expect((await rig.send("PATCH", JOB)).headers.get("allow")).toBe("PUT, GET, HEAD, DELETE");
  });

  it("leaves the prototype of objects alone", async () => {
    const rig = await ApiRig.open();
    await rig.send("POST", JOBS, { body: '{"__proto__":{"admin":true},"constructor":{"prototype":{"admin":true}}}' });

    expect(Object.hasOwn(Object.prototype, "admin")).toBe(false);
  });
});
