import { spawn } from "node:child_process";
import { once } from "node:events";
import { describe, expect, it } from "vitest";
import { holderName, fateOfProcess, ownProcess, processRef } from "../../../adapters/embedded/process-ref.ts";
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

describe("fateOfProcess()", () => {
  it("tells a process of ours that has ended from one that lives", async () => {
    expect(fateOfProcess(await endedProcess())).toBe("gone");
    expect(fateOfProcess(ownProcess())).toBe("alive");
  });

  it("takes one for gone whose id belongs to a process that was started at another time", () => {
    expect(fateOfProcess({ ...ownProcess(), startTicks: "1" })).toBe("gone");
  });

  it("cannot tell of a process on another host, or in another space of process ids", async () => {
    const ended = await endedProcess();
    const { host, pid, startTicks = "" } = ended;

    expect(fateOfProcess({ ...ended, host: "another" })).toBe("unknown");
    expect(fateOfProcess({ ...ended, space: "another" })).toBe("unknown");
    expect(fateOfProcess({ host, pid, startTicks })).toBe(ended.space === undefined ? "gone" : "unknown");
  });
});

describe("holderName()", () => {
  it("differs between spaces of process ids", () => {
    expect(holderName({ ...ownProcess(), space: "another" })).not.toBe(holderName(ownProcess()));
  });
});
