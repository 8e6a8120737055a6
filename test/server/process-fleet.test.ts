import { afterEach, describe, expect, it } from "vitest";
import { ProcessFleet } from "../../server/process-fleet.ts";
import { fleetConformance } from "../conformance/fleet-conformance.ts";
import { eventually } from "../support/eventually.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const open: { fleet: ProcessFleet; lost: string[] }[] = [];

function openFleet(): { fleet: ProcessFleet; lost: string[] } {
  const lost: string[] = [];
  const fleet = new ProcessFleet({
    workerArguments: ["--data", temporaryFolder(), "--drain-ms", "1000"],
    onLost: (workerId) => lost.push(workerId),
    onMetrics: () => undefined,
    onError: (error) => {
      throw error;
    },
  });
  open.push({ fleet, lost });
  return { fleet, lost };
}

afterEach(async () => {
  await Promise.all(open.splice(0).map(({ fleet }) => fleet.close({ graceMs: 10_000 })));
});

fleetConformance("embedded", () => Promise.resolve(openFleet().fleet));

describe("ProcessFleet", () => {
  it("replaces a worker that dies unasked, and tells of it", async () => {
    const { fleet, lost } = openFleet();
    await fleet.resize("default", 1);
    const first = await eventually(async () => (await fleet.list()).find(({ state }) => state === "running"));
    process.kill(fleet.pidOf(first.workerId) ?? Number.NaN, "SIGKILL");

    const second = await eventually(async () =>
      (await fleet.list()).find(({ state, workerId }) => state === "running" && workerId !== first.workerId),
    );
    expect(second.pool).toBe("default");
    expect(lost).toEqual([first.workerId]);
  });
});
