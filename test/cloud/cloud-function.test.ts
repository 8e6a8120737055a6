import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { eventually } from "../support/eventually.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { CloudFunction } from "./host/cloud-function.ts";
import { Meter, total } from "./host/meter.ts";

interface Opened {
  readonly target: CloudFunction;
  readonly meter: Meter;
  readonly lines: string[];
  readonly givenUp: unknown[];
}

function open(source: string, options: { timeoutMs?: number; asyncRetries?: number; reserved?: number } = {}): Opened {
  const file = join(temporaryFolder(), "index.mjs");
  writeFileSync(file, source);
  const [meter, lines, givenUp] = [new Meter(), [] as string[], [] as unknown[]];
  const target = new CloudFunction({
    name: "probe",
    serviceName: undefined,
    arn: "arn:aws:lambda:us-east-1:000000000000:function:probe",
    file,
    handlerName: "handler",
    environment: () => ({ GREETING: "hello" }),
    timeoutMs: options.timeoutMs ?? 5_000,
    memoryMb: 1_024,
    reservedConcurrency: options.reserved,
    asyncRetries: options.asyncRetries ?? 0,
    onAsyncFailure: (event) => givenUp.push(event),
    onLine: (line) => lines.push(line),
    onFailure: () => undefined,
    meter,
  });
  onTestFinished(() => target.close());
  return { target, meter, lines, givenUp };
}

describe("CloudFunction", () => {
  it("runs its bundle with its own variables and nothing else", async () => {
    const { target } = open("export const handler = async (event) => ({ event, names: Object.keys(process.env) });");

    const outcome = await target.invoke({ n: 1 });

    expect(outcome).toEqual({ ok: true, payload: '{"event":{"n":1},"names":["GREETING"]}' });
  });

  it("uses a container again, and another one for an event at the same time", async () => {
    const { target } = open("let calls = 0; export const handler = async () => (calls += 1);");

    const first = await Promise.all([target.invoke({}), target.invoke({})]);
    const second = await target.invoke({});

    expect(first.map((outcome) => outcome?.ok && outcome.payload)).toEqual(["1", "1"]);
    expect(second).toEqual({ ok: true, payload: "2" });
  });

  it("ends a function that runs past its time", async () => {
    const { target } = open("export const handler = () => new Promise(() => setInterval(() => {}, 1_000));", {
      timeoutMs: 300,
    });

    expect(await target.invoke({})).toMatchObject({
      ok: false,
      error: {
        errorType: "Sandbox.Timedout",
        errorMessage: expect.stringContaining("Task timed out after 0.30 seconds"),
      },
    });
  });

  it("tells of a function that can't be loaded", async () => {
    const { target } = open('throw new Error("CARILLON_TABLE is missing");');

    expect(await target.invoke({})).toMatchObject({ ok: false, error: { errorMessage: "CARILLON_TABLE is missing" } });
  });

  it("tells of a function that is killed in the midst of an event, and answers the next", async () => {
    const { target } = open(
      "export const handler = async (event) => (event.isSlow ? new Promise(() => setInterval(() => {}, 1_000)) : 7);",
    );
    const slow = target.invoke({ isSlow: true });
    await eventually(async () => ((await target.killBusy()) > 0 ? true : undefined));

    expect(await slow).toMatchObject({ ok: false, error: { errorType: "Runtime.ExitError" } });
    expect(await target.invoke({})).toEqual({ ok: true, payload: "7" });
  });

  it("refuses what is beyond its reserved concurrency", async () => {
    const { target } = open("export const handler = async () => 1;", { reserved: 1 });

    const outcomes = await Promise.all([target.invoke({}), target.invoke({})]);

    expect(outcomes).toEqual([{ ok: true, payload: "1" }, undefined]);
  });

  it("repeats an event that failed, and hands it on when all was in vain", async () => {
    const source = 'export const handler = async () => { console.log("tried"); throw new Error("no"); };';
    const { target, lines, givenUp } = open(source, { asyncRetries: 1 });

    await target.enqueue({ id: 7 });

    expect(givenUp).toEqual([{ id: 7 }]);
    await eventually(async () => (lines.filter((line) => line === "tried").length === 2 ? true : undefined));
  });

  it("is charged for its time and memory", async () => {
    const { target, meter } = open("export const handler = async () => 1;");
    await target.invoke({});

    const { requests, computeMs, gbMs } = total(meter.snapshot(), { service: "lambda", caller: "probe" });

    expect(requests).toBe(1);
    expect(computeMs).toBeGreaterThan(0);
    expect(gbMs).toBe(computeMs);
  });
});
