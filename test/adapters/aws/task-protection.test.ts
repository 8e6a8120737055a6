import { afterEach, describe, expect, it } from "vitest";
import { TaskProtection } from "../../../adapters/aws/task-protection.ts";
import { type FakeReply, type FakeRequest, serve } from "../../support/aws/fake-service.ts";
import { eventually } from "../../support/eventually.ts";
import { ManualClock } from "../../support/manual-clock.ts";

const cleanUps: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).toReversed()) await cleanUp();
});

/** A worker and the agent of its task; `replies` are given first, then the agent obeys. */
async function openProtection(...replies: FakeReply[]) {
  const requests: { readonly path: string; readonly body: unknown }[] = [];
  const agent = await serve(({ method, path, body }: FakeRequest) => {
    requests.push({ path: `${method} ${path}`, body: JSON.parse(body) });
    return replies.shift() ?? { status: 200, body: '{"protection":{"ProtectionEnabled":true}}' };
  });
  const clock = new ManualClock();
  const worker = { isBusy: false };
  const errors: Error[] = [];
  const ended = new AbortController();
  const protection = new TaskProtection({
    agentUri: `${agent.url}/api/1`,
    busy: () => worker.isBusy,
    clock,
    onError: (error) => errors.push(error as Error),
  });
  const keeping = protection.keep(ended.signal);
  cleanUps.push(agent.close, () => (ended.abort(), keeping));
  /** Lets time pass, one look after the other: each sends its request over a real connection. */
  const pass = async (ms: number): Promise<void> => {
    for (let passedMs = 0; passedMs < ms; passedMs += 2_000) {
      await eventually(async () => (clock.sleeping > 0 ? true : undefined));
      await clock.advance(2_000);
    }
    await eventually(async () => (clock.sleeping > 0 ? true : undefined));
  };
  return { worker, requests, errors, clock, pass, ended, keeping };
}

const ON = { path: "PUT /api/1/task-protection/v1/state", body: { ProtectionEnabled: true, ExpiresInMinutes: 2_880 } };
const DAY_MS = 24 * 60 * 60_000;
const OFF = { path: "PUT /api/1/task-protection/v1/state", body: { ProtectionEnabled: false } };

describe("TaskProtection", () => {
  it("is on while the worker holds runs, and off when it is idle", async () => {
    const { worker, requests, errors, pass } = await openProtection();
    await pass(10_000);
    expect(requests).toEqual([]);

    worker.isBusy = true;
    await pass(20_000);
    expect(requests).toEqual([ON]);

    worker.isBusy = false;
    await pass(20_000);
    expect(requests).toEqual([ON, OFF]);
    expect(errors).toEqual([]);
  });

  it("is renewed once a day, long before it expires", async () => {
    const { worker, requests, clock, pass } = await openProtection();
    worker.isBusy = true;
    await pass(60_000);
    expect(requests).toEqual([ON]);
    await clock.advance(DAY_MS);
    await pass(60_000);

    expect(requests).toEqual([ON, ON]);
  });

  it.each([
    ["an error", { status: 500, body: "no" }, "answers 500: no"],
    ["a failure with status 200", { status: 200, body: '{"failure":{"Reason":"TASK_NOT_VALID"}}' }, "TASK_NOT_VALID"],
    ["no JSON", { status: 200, body: "<html>" }, "<html>"],
  ])("tells of %s, and tries again", async (_, reply, words) => {
    const { worker, requests, errors, pass } = await openProtection(reply);
    worker.isBusy = true;
    await pass(10_000);

    expect(requests).toEqual([ON, ON]);
    expect(errors.map(({ message }) => message)).toEqual([expect.stringContaining(words)]);
    expect(errors[0]?.message).toMatch(/^Cannot turn task protection on: the ECS agent answers/);
  });

  it("ends when it is told to, in the midst of its rest", async () => {
    const { ended, keeping, requests } = await openProtection();
    ended.abort();
    await keeping;
    expect(requests).toEqual([]);
  });

  it("does nothing outside ECS", async () => {
    const clock = new ManualClock();
    const errors: unknown[] = [];
    const onError = (error: unknown) => errors.push(error);
    await new TaskProtection({ agentUri: undefined, busy: () => true, clock, onError }).keep(
      new AbortController().signal,
    );
    expect([clock.sleeping, errors]).toEqual([0, []]);
  });

  it("tells when the agent does not answer", async () => {
    const agent = await serve(() => ({ status: 200, body: "{}" }));
    await agent.close();
    const ended = new AbortController();
    const errors: Error[] = [];
    const protection = new TaskProtection({
      agentUri: agent.url,
      busy: () => true,
      clock: new ManualClock(),
      onError: (error) => {
        errors.push(error as Error);
        ended.abort();
      },
    });

    await protection.keep(ended.signal);

    expect(errors[0]).toMatchObject({ code: "UNAVAILABLE", message: expect.stringContaining("does not answer") });
  });
});
