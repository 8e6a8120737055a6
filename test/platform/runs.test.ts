import { execFileSync } from "node:child_process";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { BODIES, type Body } from "../support/both-bodies.ts";
import { eventually } from "../support/eventually.ts";
import { BodyTools, command, NAMESPACE } from "./body-tools.ts";

describe.each(BODIES)("runs on the $name body", ({ name, start }) => {
  let body: Body;
  let target: Server;
  const tools = new BodyTools(() => body);

  beforeAll(async () => {
    target = createServer((request, response) => response.end(JSON.stringify({ path: request.url })));
    await new Promise<void>((resolve) => target.listen(0, "127.0.0.1", resolve));
    body = await start();
  });

  afterAll(async () => {
    await body.stop();
    target.close();
  });

  it("execute a command and tell what it writes, to its end", async () => {
    const run = await tools.runOnce("hello", { executor: command("echo", "hello $(id) ;") });

    const lines: string[] = [];
    for await (const event of body.client.runs.followLogs(run.id)) {
      if (event.event === "entry") lines.push(event.data.text);
    }

    expect(lines).toEqual(["hello $(id) ;"]);
    expect((await tools.ended(run.id)).status).toBe("succeeded");
  });

  it("tell what a command writes while it still runs, and can be read again from the start", async () => {
    const script = "for i in 1 2 3; do echo line $i; sleep 0.4; done";
    const run = await tools.runOnce("talker", { executor: { type: "command", script, shell: true } });

    let stillRunning = 0;
    for await (const event of body.client.runs.followLogs(run.id)) {
      if (event.event !== "entry") continue;
      const { endedAt } = await body.client.runs.get(run.id);
      if (endedAt === undefined) stillRunning += 1;
    }

    expect(stillRunning).toBeGreaterThan(0);
    const again = [];
    for await (const { text } of body.client.runs.logs(run.id)) again.push(text);
    expect(again).toEqual(["line 1", "line 2", "line 3"]);
  });

  it("are asked for by the thousand in one request", async () => {
    await tools.define("crowd");
    const request = { at: new Date(Date.now() + 3_600_000).toISOString() };

    const runs = await body.client.jobs.triggerMany(
      { namespace: NAMESPACE, job: "crowd" },
      Array.from({ length: 1_000 }, () => request),
    );

    expect(new Set(runs.map(({ id }) => id)).size).toBe(1_000);
  });

  it("are the same one when they are asked for twice with one idempotency key", async () => {
    await tools.define("once");
    const job = { namespace: NAMESPACE, job: "once" };

    const ids = await Promise.all(
      [1, 2].map(async () => (await body.client.jobs.trigger(job, {}, { idempotencyKey: `once-${name}` })).id),
    );

    expect(new Set(ids).size).toBe(1);
    expect(await tools.runs("once")).toHaveLength(1);
  });

  it("are tried again after a failure, as often as the job says", async () => {
    const retry = { maxAttempts: 3, backoff: { initial: "100ms", factor: 1, jitter: "none" } } as const;
    const run = await tools.runOnce("unlucky", { executor: command("false"), retry });

    const end = await tools.ended(run.id);

    expect(end.status).toBe("failed");
    expect(end.attempts.map(({ outcome, exitCode }) => [outcome, exitCode])).toEqual([
      ["failed", 1],
      ["failed", 1],
      ["failed", 1],
    ]);
  });

  it("stop a command that ignores SIGTERM with all that it has forked, and say so", async () => {
    const marker = `carillon-survivor-${name}-${process.pid}`;
    const script = `trap '' TERM; (trap '' TERM; exec -a ${marker} sleep 600) & exec -a ${marker} sleep 600`;
    const executor = command("bash", "-c", script);
    const run = await tools.runOnce("stubborn", { executor, timeouts: { grace: "500ms" } });
    await eventually(async () => (countProcesses(marker) === 2 ? true : undefined));

    await body.client.runs.cancel(run.id, { note: "test" });

    const end = await tools.ended(run.id);
    expect(end.status).toBe("cancelled");
    expect(end.stop).toMatchObject({ confirmed: true });
    expect(countProcesses(marker)).toBe(0);
  });

  it("call an address and keep what it answers", async () => {
    const url = `http://127.0.0.1:${(target.address() as AddressInfo).port}/report?day={{parameters.day}}`;
    const run = await tools.runOnce("caller", { executor: { type: "http", url } }, { parameters: { day: 7 } });

    const end = await tools.ended(run.id);

    expect(end).toMatchObject({ status: "succeeded" });
    expect(JSON.stringify(end.result)).toContain("/report?day=7");
  });

  it("call a handler with the parameters and keep its result", async () => {
    const executor = { type: "handler", module: "greet.ts" } as const;
    const run = await tools.runOnce("greeter", { executor }, { parameters: { whom: "Ana" } });

    const end = await tools.ended(run.id);

    expect(end).toMatchObject({ status: "succeeded", result: { greeting: 'Hello "Ana"' } });
  });

  it("with one concurrency key follow one another", async () => {
    const concurrency = [{ key: "line-{{parameters.line}}", limit: 1 }];
    await tools.define("crossing", { executor: command("sleep", "0.3"), concurrency });
    const requests = [1, 2, 3].map(() => ({ parameters: { line: "a" } }));
    const runs = await body.client.jobs.triggerMany({ namespace: NAMESPACE, job: "crossing" }, requests);

    const ends = await Promise.all(runs.map(({ id }) => tools.ended(id)));

    const spans = ends.map(({ startedAt = "", endedAt = "" }) => ({ startedAt, endedAt }));
    spans.sort((left, right) => (left.startedAt < right.startedAt ? -1 : 1));
    expect(ends.every(({ status }) => status === "succeeded")).toBe(true);
    for (const [index, { startedAt }] of spans.entries())
      expect(startedAt >= (spans[index - 1]?.endedAt ?? "")).toBe(true);
  });

  it("that run too long are stopped and say so", async () => {
    const executor = command("sleep", "600");
    const run = await tools.runOnce("slow", { executor, timeouts: { run: "1s", grace: "500ms" } });

    expect((await tools.ended(run.id)).status).toBe("timedOut");
  });
});

function countProcesses(marker: string): number {
  const list = execFileSync("ps", ["-eo", "args"], { encoding: "utf8" });
  return list.split("\n").filter((line) => line.startsWith(marker)).length;
}
