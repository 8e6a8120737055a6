import { describe, expect, it } from "vitest";
import { z } from "zod";
import { type JobDefinition, parseJobDefinition } from "../../../api/contract/job-definition.ts";
import { slugOf } from "../../../api/contract/problem.ts";
import { validate } from "../../../api/contract/validate.ts";
import { faults, refusal } from "./refusal.ts";

const job = { name: "report", executor: { type: "command", argv: ["true"] } } satisfies JobDefinition;
const refuse = (change: object) => refusal(() => parseJobDefinition({ ...job, ...change }));

describe("parseJobDefinition", () => {
  it("returns what the schema accepts", () => {
    expect(parseJobDefinition(job)).toEqual(job);
  });

  it.each<[string, object, string, string]>([
    ["an empty name", { name: "" }, "/name name-invalid", 'got ""'],
    ["a name of 129 characters", { name: "a".repeat(129) }, "/name name-invalid", "got 129 characters"],
    ["a name with a slash", { name: "a/b" }, "/name name-invalid", 'got "a/b"'],
    ["a name that climbs", { name: ".." }, "/name name-invalid", 'got ".."'],
    ["a name with NUL", { name: "a\u0000b" }, "/name name-invalid", String.raw`got "a\u0000b"`],
    ["a name with a line end", { name: "a\nb" }, "/name name-invalid", String.raw`got "a\nb"`],
    ["a name that turns the text", { name: "\u202Egpj" }, "/name name-invalid", String.raw`got "\u202egpj"`],
    ["a name in upper case", { name: "Report" }, "/name name-invalid", 'got "Report"'],
    ["a name that is not in NFC", { name: "cafe\u0301" }, "/name name-invalid", "must be lower-case letters"],
    ["a pool that is no name", { pool: "Big" }, "/pool name-invalid", 'got "Big"'],
    [
      "fewer attempts than one",
      { retry: { maxAttempts: -1 } },
      "/retry/maxAttempts number-out-of-range",
      "must be a whole number from 1 to 20; got -1",
    ],
    [
      "half an attempt",
      { retry: { maxAttempts: 1.5 } },
      "/retry/maxAttempts number-out-of-range",
      "must be a whole number from 1 to 20; got 1.5",
    ],
    ["10,000 attempts", { retry: { maxAttempts: 10_000 } }, "/retry/maxAttempts number-out-of-range", "got 10000"],
    ["1e20 attempts", { retry: { maxAttempts: 1e20 } }, "/retry/maxAttempts number-out-of-range", "from 1 to 20"],
    [
      "attempts in quotes",
      { retry: { maxAttempts: "3" } },
      "/retry/maxAttempts wrong-type",
      'must be a number; got the text "3"',
    ],
    [
      "a timeout of nothing",
      { timeouts: { run: "0s" } },
      "/timeouts/run timeout-invalid",
      'from 1s to 30d, such as "90s" or "1h30m"; got "0s"',
    ],
    ["a timeout beyond the longest", { timeouts: { run: "31d" } }, "/timeouts/run timeout-invalid", 'got "31d"'],
    [
      "a backoff that shrinks",
      { retry: { backoff: { factor: 0 } } },
      "/retry/backoff/factor backoff-invalid",
      "must be a number from 1 to 10; got 0",
    ],
    ["an unknown jitter", { retry: { backoff: { jitter: 5 } } }, "/retry/backoff/jitter wrong-type", '"full", "none"'],
    [
      "no concurrency",
      { concurrency: [{ limit: 0 }] },
      "/concurrency/0/limit number-out-of-range",
      '"concurrency[0].limit" must be a whole number from 1 to 100000',
    ],
    [
      "too much concurrency",
      { concurrency: [{ limit: 1e9 }] },
      "/concurrency/0/limit number-out-of-range",
      "got 1000000000",
    ],
    [
      "a priority in numbers",
      { priority: 999 },
      "/priority wrong-type",
      'must be one of "high", "normal", "low", "bulk"; got 999',
    ],
    ["a misspelt priority", { priority: "hihg" }, "/priority value-not-allowed", 'did you mean "high"'],
    [
      "parameters that JSON does not know",
      { parameters: { at: new Date(0) } },
      "/parameters/at payload-not-json",
      "must be a JSON value",
    ],
    [
      "a function among the parameters",
      { parameters: { a: { f: () => 1 } } },
      "/parameters/a/f payload-not-json",
      "got a function",
    ],
    ["a misspelt field", { shedule: {} }, "/shedule unknown-field", 'did you mean "schedule"'],
    ["a field of the server", { tenantId: "other" }, "/tenantId read-only-field", "set by the server"],
    ["a list for an object", { schedule: [] }, "/schedule wrong-type", "must be an object; got a list"],
    ["null", { executor: null }, "/executor wrong-type", "must be an object; got null"],
    [
      "an interval that is none",
      { schedule: { every: "5 minuts" } },
      "/schedule/every interval-invalid",
      'got "5 minuts"',
    ],
    [
      "a cron of 600 characters",
      { schedule: { cron: "1,".repeat(300) } },
      "/schedule/cron cron-too-long",
      "at most 256 characters; got 600 characters",
    ],
    ["an instant in words", { schedule: { at: "tomorrow" } }, "/schedule/at datetime-invalid", 'got "tomorrow"'],
    [
      "an instant that does not exist",
      { schedule: { at: "2026-02-30T00:00:00Z" } },
      "/schedule/at datetime-invalid",
      "RFC 3339",
    ],
    [
      "an instant without offset",
      { schedule: { startAt: "2026-03-08T07:30:00" } },
      "/schedule/startAt datetime-needs-offset",
      "with an offset",
    ],
    [
      "an instant too far away",
      { schedule: { dates: ["9999-12-31T00:00:00Z"] } },
      "/schedule/dates/0 datetime-out-of-range",
      "between 1970 and 2100",
    ],
    [
      "a zone of 100 characters",
      { schedule: { timezone: "x".repeat(100) } },
      "/schedule/timezone timezone-unknown",
      "at most 64 characters",
    ],
    [
      "a label of 300 characters",
      { labels: { a: "x".repeat(300) } },
      "/labels/a length-out-of-range",
      "at most 256 characters; got 300 characters",
    ],
  ])("refuses %s", (_, change, expected, detail) => {
    const problem = refuse(change);

    expect(problem.status).toBe(422);
    expect(faults(problem)).toEqual([expected]);
    expect(problem.detail).toContain(detail);
    expect(slugOf(problem)).toBe(expected.split(" ")[1]);
  });

  it.each<[string, object, string, string]>([
    ["an executor without type", {}, "/executor/type required-field", 'must be one of "command", "http", "handler"'],
    ["a misspelt type", { type: "comand" }, "/executor/type value-not-allowed", 'got "comand"; did you mean "command"'],
    ["a type that is no text", { type: 7 }, "/executor/type wrong-type", "got 7"],
    [
      "a field of another executor",
      { type: "http", url: "https://example.org", argv: ["x"] },
      "/executor/argv unknown-field",
      'unknown in "executor"',
    ],
    [
      "a command in one text",
      { type: "command", argv: "ls -l" },
      "/executor/argv wrong-type",
      'must be a list; got the text "ls -l"',
    ],
    [
      "a reserved variable",
      { type: "command", environment: { LD_PRELOAD: "/x.so" } },
      "/executor/environment env-reserved",
      "must not set LD_*",
    ],
    [
      "a variable that is no name",
      { type: "command", environment: { "=x": "1" } },
      "/executor/environment/=x env-reserved",
      "must be a name of letters",
    ],
    [
      "a header that splits",
      { type: "http", url: "x", headers: { a: "b\r\nHost: evil" } },
      "/executor/headers/a header-not-allowed",
      String.raw`got "b\r\nHost: evil"`,
    ],
    [
      "a body in numbers",
      { type: "http", url: "x", body: 3 },
      "/executor/body wrong-type",
      "must be a text or an object or a list; got the number 3",
    ],
    [
      "a success code out of range",
      { type: "http", url: "x", successCodes: [3] },
      "/executor/successCodes/0 number-out-of-range",
      "from 100 to 599",
    ],
    [
      "a path that climbs",
      { type: "handler", module: "../etc/passwd" },
      "/executor/module value-invalid",
      "must be a relative path",
    ],
    [
      "a function that is no name",
      { type: "lambda", function: "https://example.org" },
      "/executor/function value-invalid",
      "must be the name or the ARN of a Lambda function",
    ],
    [
      "a way of invocation that there is not",
      { type: "lambda", function: "report", invocation: "async" },
      "/executor/invocation value-not-allowed",
      '"wait", "start"',
    ],
    [
      "a container without memory",
      { type: "container", image: "example/report:1", cpu: 256 },
      "/executor/memoryMb required-field",
      "memoryMb",
    ],
    [
      "an image with a space",
      { type: "container", image: "example/report 1", cpu: 256, memoryMb: 512 },
      "/executor/image value-invalid",
      "must be the reference of a container image",
    ],
    [
      "a role that is no ARN",
      { type: "container", image: "example/report:1", cpu: 256, memoryMb: 512, taskRole: "report" },
      "/executor/taskRole value-invalid",
      "must be the ARN of an IAM role",
    ],
    [
      "a container that sets a variable of ours",
      { type: "container", image: "example/report:1", cpu: 256, memoryMb: 512, environment: { CARILLON_RUN_ID: "x" } },
      "/executor/environment env-reserved",
      "must not set LD_*",
    ],
  ])("refuses %s with one clear fault", (_, executor, expected, detail) => {
    const problem = refuse({ executor });

    expect(faults(problem)).toEqual([expected]);
    expect(problem.detail).toContain(detail);
  });

  it.each([null, undefined, [], "a", 7])("refuses %j in place of a definition", (value) => {
    expect(faults(refusal(() => parseJobDefinition(value)))).toEqual([" wrong-type"]);
  });

  it("reports the faults of all fields together", () => {
    const problem = refusal(() => parseJobDefinition({ nmae: "x", overlap: "skp", retry: { maxAttempts: 0 } }));

    expect(slugOf(problem)).toBe("validation-failed");
    expect(faults(problem).sort()).toEqual([
      "/executor required-field",
      "/name required-field",
      "/nmae unknown-field",
      "/overlap value-not-allowed",
      "/retry/maxAttempts number-out-of-range",
    ]);
  });

  it("tells what is allowed, for programs", () => {
    expect(refuse({ overlap: "skp" }).errors?.[0]?.allowed).toContain("queueOne");
    expect(refuse({ retry: { maxAttempts: 0 } }).errors?.[0]?.allowed).toEqual({ minimum: 1, maximum: 20 });
    expect(refuse({ shedule: 1 }).errors?.[0]?.allowed).toContain("schedule");
  });

  it("answers input made of nothing but faults briefly", () => {
    const unknown = Object.fromEntries(Array.from({ length: 20_000 }, (_, index) => [`field${index}`, 1]));
    const problem = refuse({
      ...unknown,
      executor: { type: "command", argv: Array.from({ length: 20_000 }, () => 1) },
    });

    expect(problem.errors).toHaveLength(50);
    expect(JSON.stringify(problem).length).toBeLessThan(50_000);
  });

  it("shortens a long value wherever it is quoted", () => {
    expect(refuse({ timeouts: { run: "9".repeat(100_000) } }).detail.length).toBeLessThan(300);
    expect(refuse({ name: `A${"\n".repeat(90)}` }).detail.length).toBeLessThan(400);
  });
});

describe("validate", () => {
  it("names a schema's codes also inside a larger body", () => {
    const body = z.strictObject({
      jobs: z.array(z.strictObject({ schedule: z.strictObject({ every: z.string().regex(/^\d+s$/) }) })),
    });
    const problem = refusal(() => validate(body, { jobs: [{ schedule: { every: "soon" } }] }));

    expect(faults(problem)).toEqual(["/jobs/0/schedule/every interval-invalid"]);
    expect(problem.detail).toBe(String.raw`Field "jobs[0].schedule.every" must match /^\d+s$/; got "soon"`);
  });

  it("takes the fields of the server from its caller", () => {
    const problem = refusal(() =>
      validate(z.strictObject({ a: z.string() }), { a: "", b: 1 }, { readOnlyFields: ["b"] }),
    );

    expect(faults(problem)).toEqual(["/b read-only-field"]);
  });
});
