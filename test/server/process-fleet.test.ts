import { afterEach, describe, expect, it } from "vitest";
import { ProcessFleet } from "../../server/process-fleet.ts";
import { fleetConformance } from "../conformance/fleet-conformance.ts";
import { eventually } from "../support/eventually.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const open: { fleet: ProcessFleet; lost: string[] }[] = [];

function openFleet(
  onError = (error: unknown): void => {
    throw error;
  },
): { fleet: ProcessFleet; lost: string[] } {
  const lost: string[] = [];
  const fleet = new ProcessFleet({
    workerArguments: ["--data", temporaryFolder(), "--drain-ms", "1000"],
    onLost: (workerId) => lost.push(workerId),
    onMetrics: () => undefined,
    onError,
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

  it.each([
    { how: "is told later", program: "/no/such/program" },
    { how: "is told at once", program: "" },
  ])("tries again until a worker can be started, when the failure $how", async ({ program }) => {
    const errors: unknown[] = [];
    const { fleet, lost } = openFleet((error) => errors.push(error));
    const { execPath } = process;
    process.execPath = program;
    try {
      await fleet.resize("default", 2);
      await eventually(async () => (errors.length >= 3 ? true : undefined));
      await eventually(async () => ((await fleet.list()).length === 0 ? true : undefined));
    } finally {
      process.execPath = execPath;
    }

    await eventually(async () =>
      (await fleet.list()).filter(({ state }) => state === "running").length === 2 ? true : undefined,
    );
    expect(lost).toEqual([]);
  });
});
