import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, it } from "vitest";
import { CommandExecutor } from "../../../worker/executors/command-executor.ts";
import type { Outcome, StopReason } from "../../../worker/executors/executor.ts";
import { killLeftovers } from "../../../worker/executors/kill-leftovers.ts";
import { HAS_PROCESS_TABLE } from "../../../worker/executors/process-table.ts";
import { aTask, eventually, living, pidsIn, RecordedIo } from "./support.ts";

const WORKER = fileURLToPath(new URL("fixtures/worker.ts", import.meta.url));
const folders: string[] = [];

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** Starts a script that writes process ids to the file `$PIDS`, stops it once `count` are there. */
async function startAndStop(
  script: string,
  { count, kind = "cancel", graceMs }: { count: number; kind?: StopReason["kind"]; graceMs: number },
): Promise<{ pids: number[]; outcome: Outcome; io: RecordedIo }> {
  const folder = mkdtempSync(join(tmpdir(), "carillon-test-"));
  folders.push(folder);
  const file = join(folder, "pids");
  const io = new RecordedIo();
  const task = aTask({ type: "command", shell: true, script, environment: { PIDS: file } } as const);
  const running = new CommandExecutor({ workerId: "w1" }).execute(task, io);
  const pids = await pidsIn(file, count);
  io.stop(kind, graceMs);
  return { pids, outcome: await running, io };
}

/** Runs a script to its end; it has written process ids to `$PIDS`. */
async function run(script: string): Promise<{ pids: number[]; outcome: Outcome; io: RecordedIo }> {
  const folder = mkdtempSync(join(tmpdir(), "carillon-test-"));
  folders.push(folder);
  const io = new RecordedIo();
  const environment = { PIDS: join(folder, "pids") };
  const task = aTask({ type: "command", shell: true, script, environment } as const);
  const outcome = await new CommandExecutor({ workerId: "w1" }).execute(task, io);
  return { pids: await pidsIn(environment.PIDS, 1), outcome, io };
}

/** A process as a killed worker leaves it: nobody waits for it, its variables tell whose it was. */
function anOrphan(variables: Record<string, string>): { pid: number; ended: Promise<unknown> } {
  const child = spawn("sleep", ["600"], {
    detached: true,
    stdio: "ignore",
    env: { PATH: process.env.PATH, ...variables },
  });
  if (child.pid === undefined) throw new Error("sleep was not started");
  return { pid: child.pid, ended: once(child, "exit") };
}

describe("CommandExecutor: stopping a command", () => {
  it("lets a command end by itself after SIGTERM", async () => {
    const script = "trap 'echo tidy; kill $!; exit 0' TERM; sleep 600 & echo $$ >> $PIDS; wait";

    const { pids, outcome, io } = await startAndStop(script, { count: 1, kind: "drain", graceMs: 20_000 });

    expect(outcome).toMatchObject({
      ok: false,
      exitCode: 0,
      error: { name: "DRAINED", message: "Stopped: the worker is shutting down" },
      stop: { reason: "drain", confirmed: true, evidence: expect.stringMatching(/^SIGTERM to .*no process left/) },
    });
    expect(io.lines("stdout")).toEqual(["tidy"]);
    expect(living(pids)).toEqual([]);
  });

  it("kills a command that ignores SIGTERM, with the child that it forked, after the grace", async () => {
    const script = "trap '' TERM; sleep 600 & echo $! >> $PIDS; echo $$ >> $PIDS; while :; do sleep 600; done";

    const { pids, outcome } = await startAndStop(script, { count: 2, kind: "timeout", graceMs: 50 });

    expect(outcome).toMatchObject({
      error: { name: "TIMEOUT" },
      stop: { reason: "timeout", confirmed: true, evidence: expect.stringContaining("after 50 ms SIGKILL to ") },
    });
    expect(living(pids)).toEqual([]);
  });

  it("kills at once when there is no grace", async () => {
    const { pids, outcome } = await startAndStop("echo $$ >> $PIDS; sleep 600", {
      count: 1,
      kind: "fenced",
      graceMs: 0,
    });

    expect(outcome).toMatchObject({ error: { name: "FENCED" }, stop: { confirmed: true } });
    expect(outcome).not.toMatchObject({ stop: { evidence: expect.stringContaining("SIGTERM") } });
    expect(living(pids)).toEqual([]);
  });

  it.runIf(HAS_PROCESS_TABLE)("finds and kills a grandchild that left the group and ignores SIGTERM", async () => {
    const daemon = `trap "" TERM; echo $$ >> $PIDS; while :; do sleep 600; done`;
    const script = `trap '' TERM; (setsid sh -c '${daemon}' &) ; echo $$ >> $PIDS; while :; do sleep 600; done`;

    const { pids, outcome } = await startAndStop(script, { count: 2, graceMs: 50 });

    expect(outcome).toMatchObject({ error: { name: "CANCELLED" }, stop: { confirmed: true } });
    expect(outcome).toMatchObject({ stop: { evidence: expect.stringMatching(/\d+ \(sh, outside the group\)/) } });
    expect(living(pids)).toEqual([]);
  });

  it.runIf(HAS_PROCESS_TABLE)(
    "waits for a grandchild outside the group although the command itself has ended",
    async () => {
      const daemon = `trap "" TERM; echo $$ >> $PIDS; while :; do sleep 600; done`;
      const script = `(setsid sh -c '${daemon}' &) ; echo $$ >> $PIDS; exec sleep 600`;

      const { pids, outcome } = await startAndStop(script, { count: 2, graceMs: 50 });

      expect(outcome).toMatchObject({ stop: { confirmed: true, evidence: expect.stringContaining("SIGKILL to ") } });
      expect(living(pids)).toEqual([]);
    },
  );

  it.runIf(HAS_PROCESS_TABLE)(
    "finds a child that left the session and cleared its environment by its parent",
    async () => {
      const hidden = `trap "" TERM; echo $$ >> "$0"; while :; do /bin/sleep 600; done`;
      const script = `trap '' TERM; setsid env -i /bin/sh -c '${hidden}' "$PIDS" & echo $$ >> $PIDS; while :; do sleep 600; done`;

      const { pids, outcome } = await startAndStop(script, { count: 2, graceMs: 50 });

      expect(outcome).toMatchObject({ stop: { confirmed: true } });
      expect(living(pids)).toEqual([]);
    },
  );

  it("stops a family that keeps forking", async () => {
    const script = `trap '' TERM; echo $$ >> $PIDS; while :; do (sleep 600 &); sleep 0.01; done`;

    const { pids, outcome } = await startAndStop(script, { count: 1, graceMs: 100 });

    expect(outcome).toMatchObject({ stop: { confirmed: true } });
    expect(living(pids)).toEqual([]);
  });

  it("gives the same outcome whatever exit code the stopped command ends with", async () => {
    const { outcome } = await startAndStop("trap 'exit 7' TERM; echo $$ >> $PIDS; while :; do sleep 0.05; done", {
      count: 1,
      kind: "heartbeatTimeout",
      graceMs: 20_000,
    });

    expect(outcome).toMatchObject({ ok: false, exitCode: 7, error: { name: "HEARTBEAT_TIMEOUT" } });
  });
});

describe("CommandExecutor: what a command leaves behind", () => {
  it("is killed when the command has ended, and the log says so", async () => {
    const { pids, outcome, io } = await run("sleep 600 & echo $! >> $PIDS; echo done");

    expect(outcome).toEqual({ ok: true, exitCode: 0 });
    expect(io.lines("stdout")).toEqual(["done"]);
    expect(io.lines("system")[0]).toMatch(/^Ended what the main process had left behind: SIGKILL to \d+ \(sleep\)/);
    expect(living(pids)).toEqual([]);
  });

  it.runIf(HAS_PROCESS_TABLE)("is killed also when it has left the group", async () => {
    const { pids, outcome, io } = await run(
      `setsid sh -c 'echo $$ >> $PIDS; exec sleep 600' & until test -s $PIDS; do sleep 0.01; done`,
    );

    expect(outcome).toEqual({ ok: true, exitCode: 0 });
    expect(io.lines("system")[0]).toContain("(sleep, outside the group)");
    expect(living(pids)).toEqual([]);
  });

  it("may still write its last lines", async () => {
    const { io } = await run("echo $$ >> $PIDS; (sleep 0.1; echo last) &");

    expect(io.lines("stdout")).toEqual(["last"]);
    expect(io.lines("system")).toEqual([]);
  });
});

describe.runIf(HAS_PROCESS_TABLE)("killLeftovers()", () => {
  const base = `leftovers-${process.pid}`;

  it("kills the processes of a worker that is gone, and no others", async () => {
    const left = anOrphan({ CARILLON_WORKER_ID: `${base}-a`, CARILLON_RUN_ID: "r1", CARILLON_EPOCH: "1" });
    const other = anOrphan({ CARILLON_WORKER_ID: `${base}-ab`, CARILLON_RUN_ID: "r1", CARILLON_EPOCH: "1" });
    const worker = anOrphan({ CARILLON_WORKER_ID: `${base}-a` });

    const stop = await killLeftovers({ workerId: `${base}-a` });

    expect(stop.confirmed).toBe(true);
    expect(stop.evidence).toContain(`SIGKILL to ${left.pid} (sleep`);
    await left.ended;
    expect(living([other.pid, worker.pid])).toEqual([other.pid, worker.pid]);
    process.kill(other.pid);
    process.kill(worker.pid);
    await Promise.all([other.ended, worker.ended]);
  });

  it("kills the processes of one run, of one epoch or of all", async () => {
    const runId = `${base}-run`;
    const epochs = [1, 2, 3].map((epoch) => anOrphan({ CARILLON_RUN_ID: runId, CARILLON_EPOCH: String(epoch) }));
    const pids = epochs.map((orphan) => orphan.pid);

    await killLeftovers({ runId, epoch: 2 });
    expect(living(pids)).toEqual([pids[0], pids[2]]);

    await killLeftovers({ runId });
    expect(living(pids)).toEqual([]);
    await Promise.all(epochs.map((orphan) => orphan.ended));
  });

  it("ends what a killed worker has left: commands by the marker, handlers by themselves", async () => {
    const folder = mkdtempSync(join(tmpdir(), "carillon-test-"));
    folders.push(folder);
    const workerId = `${base}-killed`;
    const worker = spawn(process.execPath, [WORKER, workerId, folder], { stdio: "ignore" });
    const ended = once(worker, "exit");
    const command = await pidsIn(join(folder, "command"), 2);
    const handler = await pidsIn(join(folder, "handler"), 1);

    worker.kill("SIGKILL");
    await ended;

    await eventually(() => living(handler).length === 0, "the handler to end with its worker");
    expect(living(command)).toEqual(command);
    expect(await killLeftovers({ workerId })).toMatchObject({ confirmed: true });
    expect(living(command)).toEqual([]);
  });

  it("confirms that there was nobody", async () => {
    expect(await killLeftovers({ runId: `${base}-nobody` })).toEqual({
      confirmed: true,
      evidence: "SIGKILL to nobody; no process left in the process table",
    });
  });
});
