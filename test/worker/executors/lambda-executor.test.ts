import { LambdaClient } from "@aws-sdk/client-lambda";
import { afterEach, describe, expect, it, vi } from "vitest";
import { clientConfig } from "../../../adapters/aws/clients.ts";
import type { LambdaDefinition } from "../../../core/job/executor.ts";
import { lambdaClient, LambdaExecutor } from "../../../worker/executors/lambda-executor.ts";
import { type FakeFunction, FakeLambda } from "../../support/aws/fake-lambda.ts";
import { type FakeService, OFFLINE, requestHandler, serve } from "../../support/aws/fake-service.ts";
import { aTask, RecordedIo } from "./support.ts";

afterEach(() => {
  vi.unstubAllEnvs();
});

const never = new Promise<never>(() => undefined);

function openExecutor(functions: Readonly<Record<string, FakeFunction>> = {}, service?: FakeService) {
  const lambda = new FakeLambda(functions);
  const client = new LambdaClient({
    ...OFFLINE,
    ...clientConfig({ requestHandler: requestHandler(service ?? lambda.handle), maxAttempts: 1 }),
  });
  const executor = new LambdaExecutor({ client });
  const io = new RecordedIo();
  const run = (definition: Omit<LambdaDefinition, "type">) =>
    executor.execute(
      aTask({ type: "lambda", ...definition }, { runId: "acme.report@1", parameters: { day: "x" } }),
      io,
    );
  return { lambda, run, io };
}

const IDENTITY = {
  runId: "acme.report@1",
  namespace: "acme",
  job: "report",
  slotAt: "2026-03-31T04:05:06.789Z",
  dueAt: "2026-03-31T04:05:07.000Z",
  attempt: 2,
  epoch: 7,
};

describe("LambdaExecutor", () => {
  it("gives the function the run's identity and parameters, and keeps what it returns", async () => {
    const { lambda, run } = openExecutor({ report: () => ({ payload: '{"rows":3}' }) });

    expect(await run({ function: "report" })).toEqual({ ok: true, result: { rows: 3 } });
    expect(lambda.invocations).toEqual([
      {
        name: "report",
        qualifier: undefined,
        type: "RequestResponse",
        payload: { ...IDENTITY, parameters: { day: "x" } },
        clientContext: { custom: { carillon: IDENTITY } },
      },
    ]);
  });

  it("gives a payload of the job's own as it is, and the identity beside it", async () => {
    const { lambda, run } = openExecutor({ report: () => ({}) });

    expect(await run({ function: "report", payload: [1, "two"] })).toEqual({ ok: true, result: null });
    expect(lambda.invocations[0]).toMatchObject({
      payload: [1, "two"],
      clientContext: { custom: { carillon: IDENTITY } },
    });
  });

  it.each([
    ["a version apart from the name", { function: "report", qualifier: "7" }],
    ["a version in the name", { function: "report:7" }],
    ["a version in an ARN", { function: "arn:aws:lambda:eu-central-1:123456789012:function:report:7" }],
  ])("invokes %s", async (_, definition) => {
    const { lambda, run } = openExecutor({ report: () => ({}) });
    await run(definition);
    expect(lambda.invocations[0]).toMatchObject({ name: "report", qualifier: "7" });
  });

  it("only starts the function when it is asked to", async () => {
    const { lambda, run } = openExecutor({ report: () => never });

    expect(await run({ function: "report", invocation: "start" })).toEqual({ ok: true });
    expect(lambda.invocations[0]).toMatchObject({ type: "Event", clientContext: undefined });
  });

  it("brings the end of the function's log into the log of the run", async () => {
    const { run, io } = openExecutor({ report: () => ({ log: "START\nhello\r\nEND\n" }) });
    await run({ function: "report" });
    expect(io.lines("stdout")).toEqual(["START", "hello", "END"]);
  });

  it("fails with the function's own error, and logs its trace", async () => {
    const error = {
      errorType: "ValidationError",
      errorMessage: "no such day",
      trace: ["ValidationError: …", "  at f (a.js:1)"],
    };
    const { run, io } = openExecutor({ report: () => ({ payload: JSON.stringify(error), error: "Unhandled" }) });

    expect(await run({ function: "report" })).toEqual({
      ok: false,
      error: { name: "ValidationError", message: "no such day" },
    });
    expect(io.lines("stderr")).toEqual(["ValidationError: …", "  at f (a.js:1)"]);
  });

  it.each([
    ["no error object", '"boom"', "FUNCTION_ERROR", 'Unhandled error: "boom"'],
    ["an empty one", "{}", "FUNCTION_ERROR", "Unhandled error: {}"],
    ["no JSON", "boom", "FUNCTION_ERROR", "Unhandled error: boom"],
    [
      "a time-out",
      '{"errorType":"Sandbox.Timedout","errorMessage":"Task timed out"}',
      "Sandbox.Timedout",
      "Task timed out",
    ],
  ])("fails when the function's error is %s", async (_, payload, name, message) => {
    const { run } = openExecutor({ report: () => ({ payload, error: "Unhandled" }) });
    expect(await run({ function: "report" })).toEqual({ ok: false, error: { name, message } });
  });

  it("keeps an answer that is no JSON as a text", async () => {
    const { run } = openExecutor({ report: () => ({ payload: "<ok/>" }) });
    expect(await run({ function: "report" })).toEqual({ ok: true, result: "<ok/>" });
  });

  it("refuses a result that is too large", async () => {
    const { run } = openExecutor({ report: () => ({ payload: JSON.stringify("x".repeat(70_000)) }) });
    expect(await run({ function: "report" })).toMatchObject({ error: { name: "RESULT_INVALID", retryable: false } });
  });

  it.each([
    [404, "ResourceNotFoundException", { name: "NOT_FOUND", retryable: false }],
    [403, "AccessDeniedException", { name: "ACCESS_DENIED", retryable: false }],
    [413, "RequestTooLargeException", { name: "REQUEST_TOO_LARGE", retryable: false }],
    [400, "InvalidParameterValueException", { name: "REQUEST_INVALID", retryable: false }],
    [429, "TooManyRequestsException", { name: "THROTTLED" }],
    [503, "ServiceUnavailableException", { name: "SERVICE_FAILED" }],
    [500, "ServiceException", { name: "OUTCOME_UNKNOWN" }],
  ])("tells what %d %s means, after one try", async (status, code, error) => {
    const { lambda, run } = openExecutor({ report: () => ({}) });
    lambda.failNext(status, code);
    const outcome = await run({ function: "report" });

    expect(outcome).toEqual({
      ok: false,
      error: { ...error, message: `Cannot invoke function "report": told to fail with ${code}` },
    });
    expect(lambda.invocations).toEqual([]);
  });

  it("names the function that is not there", async () => {
    const { run } = openExecutor();
    expect(await run({ function: "report" })).toMatchObject({
      error: { name: "NOT_FOUND", message: 'Cannot invoke function "report": Function not found: report' },
    });
  });

  it("does not know what became of an invocation whose connection broke", async () => {
    const { run } = openExecutor({}, () => {
      throw Object.assign(new Error("socket hang up"), { code: "ECONNRESET" });
    });
    expect(await run({ function: "report" })).toEqual({
      ok: false,
      error: { name: "OUTCOME_UNKNOWN", message: 'Cannot invoke function "report": socket hang up' },
    });
  });

  it("invokes nothing when it was to stop before it began", async () => {
    const { lambda, run, io } = openExecutor({ report: () => ({}) });
    io.stop("cancel", 0);
    expect(await run({ function: "report" })).toMatchObject({
      stop: { confirmed: true, evidence: "Nothing was started" },
    });
    expect(lambda.invocations).toEqual([]);
  });

  it("says after a stop that the function may run on", async () => {
    const { run, io } = openExecutor({
      report: () => {
        io.stop("timeout", 0);
        return never;
      },
    });

    expect(await run({ function: "report" })).toEqual({
      ok: false,
      error: { name: "TIMEOUT", message: expect.any(String) },
      stop: {
        reason: "timeout",
        confirmed: false,
        evidence: 'A function cannot be stopped from outside: "report" may run on until its own time-out',
      },
    });
  });

  it("says after a stop that the function has ended by itself, if it has", async () => {
    const { run, io } = openExecutor({
      report: () => {
        io.stop("cancel", 60_000);
        return { payload: "1" };
      },
    });

    expect(await run({ function: "report" })).toMatchObject({
      ok: false,
      error: { name: "CANCELLED" },
      stop: { confirmed: true, evidence: 'Function "report" ended by itself within the grace time' },
    });
  });

  it("lambdaClient() never tries an invocation twice", async () => {
    const lambda = new FakeLambda({ report: () => ({}) });
    lambda.failNext(500, "ServiceException");
    const server = await serve(lambda.handle);
    const { region, credentials } = OFFLINE;
    vi.stubEnv("AWS_ENDPOINT_URL_LAMBDA", server.url);
    vi.stubEnv("AWS_REGION", region);
    vi.stubEnv("AWS_ACCESS_KEY_ID", credentials.accessKeyId);
    vi.stubEnv("AWS_SECRET_ACCESS_KEY", credentials.secretAccessKey);
    const client = lambdaClient();
    const task = aTask({ type: "lambda", function: "report" } as const);

    expect(await new LambdaExecutor({ client }).execute(task, new RecordedIo())).toMatchObject({ ok: false });
    expect(lambda.invocations).toEqual([]);
    expect(await new LambdaExecutor({ client }).execute(task, new RecordedIo())).toEqual({ ok: true, result: null });
    client.destroy();
    await server.close();
  });
});
