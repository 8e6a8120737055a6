import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Run } from "../../api/contract/run.ts";
import { eventually } from "../support/eventually.ts";
import { type Platform, startPlatform } from "../support/platform.ts";

const namespace = "default";
const AGO_MS = 3_600_000;

describe("the platform, as processes", () => {
  let folder: string;
  let platform: Platform;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "carillon-platform-"));
    platform = await startPlatform(folder, { workers: 2 });
  });

  afterAll(async () => {
    await platform.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  async function define(name: string, rest: object): Promise<void> {
    await platform.client.jobs.put(
      namespace,
      { name, executor: { type: "command", argv: ["true"] }, ...rest },
      { ifAbsent: true },
    );
  }

  async function ended(runId: string): Promise<Run> {
    return eventually(async () => {
      const run = await platform.client.runs.get(runId);
      return run.endedAt === undefined ? undefined : run;
    });
  }

  it("runs a triggered command and keeps its output", async () => {
    await define("hello", { executor: { type: "command", argv: ["echo", "hello $(id) ;"] } });
    const run = await platform.client.jobs.trigger({ namespace, job: "hello" });
    const lines: string[] = [];
    for await (const event of platform.client.runs.followLogs(run.id)) {
      if (event.event === "entry") lines.push(event.data.text);
    }
    expect(lines).toEqual(["hello $(id) ;"]);
    expect((await ended(run.id)).status).toBe("succeeded");
  });

  it("stops a command that ignores SIGTERM with all that it has forked, and says so", async () => {
    const marker = `carillon-survivor-${process.pid}`;
    const script = `trap '' TERM; (trap '' TERM; exec -a ${marker} sleep 600) & exec -a ${marker} sleep 600`;
    await define("stubborn", {
      executor: { type: "command", argv: ["bash", "-c", script] },
      timeouts: { grace: "500ms" },
    });
    const run = await platform.client.jobs.trigger({ namespace, job: "stubborn" });
    await eventually(async () => (countProcesses(marker) === 2 ? true : undefined));

    await platform.client.runs.cancel(run.id, { note: "test" });

    const end = await ended(run.id);
    expect(end.status).toBe("cancelled");
    expect(end.stop).toMatchObject({ confirmed: true });
    expect(countProcesses(marker)).toBe(0);
  });

  it("accounts for every slot across a pause, with the last missed slot on resume", async () => {
    await define("beat", { schedule: { cron: "* * * * * *" }, overlap: "allow" });
    await platform.client.jobs.pause({ namespace, job: "beat" });
    const paused = await platform.client.jobs.get({ namespace, job: "beat" });
    await eventually(async () => (Date.now() > Date.parse(paused.since) + 3_000 ? true : undefined));
    await platform.client.jobs.resume({ namespace, job: "beat" }, { missed: "last" });
    const resumedAt = (await platform.client.jobs.get({ namespace, job: "beat" })).since;

    const ledger = await eventually(async () => {
      const sum = await platform.client.jobs.ledger({ namespace, job: "beat" }, { from: paused.since, to: resumedAt });
      return sum.fired === 1 && sum.pending === 0 ? sum : undefined;
    });
    expect(ledger).toMatchObject({ unexplained: 0, skippedTotal: ledger.expected - 1 });
    await platform.client.jobs.delete({ namespace, job: "beat" }, { cancel: true });
  });

  it("backfills slots from before the job was defined", async () => {
    await define("hourly", { schedule: { cron: "0 */10 * * * *" } });
    const to = new Date(Date.now() - AGO_MS);
    const from = new Date(to.getTime() - AGO_MS);
    const backfill = await platform.client.backfills.start(
      { namespace, job: "hourly" },
      { from: from.toISOString(), to: to.toISOString(), concurrency: 2 },
    );
    expect(backfill.total).toBe(6);
    const runs = await eventually(async () => {
      const found: Run[] = [];
      for await (const run of platform.client.jobs.runs({ namespace, job: "hourly" })) found.push(run);
      const done = found.filter(({ cause, status }) => cause === "backfill" && status === "succeeded");
      return done.length === 6 ? done : undefined;
    });
    expect(new Set(runs.map(({ slotAt }) => slotAt)).size).toBe(6);
  });

  it("runs what a killed worker held on another one", async () => {
    await define("held", { executor: { type: "command", argv: ["sleep", "2"] } });
    const run = await platform.client.jobs.trigger({ namespace, job: "held" });
    const worker = await eventually(async () => {
      const workers = await platform.client.pools.workers("default");
      return workers.find(({ running }) => running.includes(run.id));
    });
    process.kill(worker.pid ?? Number.NaN, "SIGKILL");

    const end = await ended(run.id);
    expect(end.status).toBe("succeeded");
    expect(end.attempts.map(({ outcome }) => outcome)).toEqual(["lost", "succeeded"]);
  });

  it("loses nothing and doubles nothing when the server is killed and started again", async () => {
    await define("steady", { schedule: { cron: "* * * * * *" }, overlap: "allow" });
    const from = (await platform.client.jobs.get({ namespace, job: "steady" })).since;
    const delayed = await platform.client.jobs.trigger(
      { namespace, job: "hello" },
      { at: new Date(Date.now() + 5_000).toISOString() },
    );
    await eventually(async () => {
      const { fired } = await platform.client.jobs.ledger(
        { namespace, job: "steady" },
        { from, to: new Date().toISOString() },
      );
      return fired >= 2 ? true : undefined;
    });

    await platform.kill();
    platform = await startPlatform(folder, { workers: 2 });

    const killedAtMs = Date.now();
    await eventually(async () => (Date.now() > killedAtMs + 4_000 ? true : undefined));
    const to = new Date().toISOString();
    const ledger = await eventually(async () => {
      const sum = await platform.client.jobs.ledger({ namespace, job: "steady" }, { from, to });
      return sum.pending === 0 ? sum : undefined;
    });
    expect(ledger).toMatchObject({ unexplained: 0, skippedTotal: 0, fired: ledger.expected });
    expect((await ended(delayed.id)).status).toBe("succeeded");
  });
});

function countProcesses(marker: string): number {
  const list = execFileSync("ps", ["-eo", "args"], { encoding: "utf8" });
  return list.split("\n").filter((line) => line.startsWith(marker)).length;
}
