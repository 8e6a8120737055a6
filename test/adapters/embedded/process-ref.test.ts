import { spawn } from "node:child_process";
import { once } from "node:events";
import { describe, expect, it } from "vitest";
import { holderName, isProcessGone, ownProcess, processRef } from "../../../adapters/embedded/process-ref.ts";
import type { ProcessRef } from "../../../core/worker/worker-record.ts";

/** A process that has ended and been waited for. */
async function endedProcess(): Promise<ProcessRef> {
  const child = spawn("cat", { stdio: ["pipe", "ignore", "ignore"] });
  await once(child, "spawn");
  const ref = processRef(child.pid ?? Number.NaN);
  child.stdin.end();
  await once(child, "exit");
  return ref;
}

describe("isProcessGone()", () => {
  it("says so of a process of ours that has ended, and not of one that lives", async () => {
    expect(isProcessGone(await endedProcess())).toBe(true);
    expect(isProcessGone(ownProcess())).toBe(false);
  });

  it("says so when the id belongs to a process that was started at another time", () => {
    expect(isProcessGone({ ...ownProcess(), startTicks: "1" })).toBe(true);
  });

  it("cannot tell of a process on another host, or in another space of process ids", async () => {
    const ended = await endedProcess();
    const { host, pid, startTicks = "" } = ended;

    expect(isProcessGone({ ...ended, host: "another" })).toBe(false);
    expect(isProcessGone({ ...ended, space: "another" })).toBe(false);
    expect(isProcessGone({ host, pid, startTicks })).toBe(ended.space === undefined);
  });
});

describe("holderName()", () => {
  it("differs between spaces of process ids", () => {
    expect(holderName({ ...ownProcess(), space: "another" })).not.toBe(holderName(ownProcess()));
  });
});
