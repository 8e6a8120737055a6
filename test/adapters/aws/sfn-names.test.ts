import { describe, expect, it } from "vitest";
import { executionName, machineName } from "../../../adapters/aws/sfn-names.ts";

const LONGEST = { namespace: "n".repeat(63), job: `${"j".repeat(64)}.${"k".repeat(63)}` };
const LONGEST_STAMP = `20260308T073000.000Z-${"s".repeat(64)}`;
const NAME = /^[0-9A-Za-z_-]{1,80}$/;

describe("machineName()", () => {
  it("says of which installation, namespace and job it is", () => {
    expect(machineName("carillon-", { namespace: "default", job: "etl.daily" })).toMatch(
      /^carillon-default-etl-daily-[0-9a-f]{12}$/,
    );
  });

  it.each([
    ["carillon-", { namespace: "default", job: "etl" }],
    ["carillon-", LONGEST],
    [`${"i".repeat(40)}-`, LONGEST],
    [`${"i".repeat(40)}-`, { namespace: "a", job: "b.c_d" }],
  ])("is one that can be logged, for installation %s and %j", (prefix, workflow) => {
    expect(machineName(prefix, workflow)).toMatch(NAME);
  });

  it("differs where names differ only in what is left out or replaced", () => {
    const workflows = [
      LONGEST,
      { ...LONGEST, job: `${LONGEST.job.slice(0, -1)}x` },
      { namespace: "a", job: "b-c" },
      { namespace: "a", job: "b.c" },
      { namespace: "a-b", job: "c" },
    ];
    expect(new Set(workflows.map((workflow) => machineName("carillon-", workflow))).size).toBe(workflows.length);
  });
});

describe("executionName()", () => {
  it("begins with when the run is, so that executions sort by time", () => {
    const name = executionName({ namespace: "default", job: "etl", stamp: "20260308T073000.000Z-k3f9x2m1q0ab" });

    expect(name).toMatch(/^20260308T073000-000Z-k3f9x2m1q0ab-[0-9a-f]{12}$/);
  });

  it("is one that can be logged, however long the run's is", () => {
    expect(executionName({ ...LONGEST, stamp: LONGEST_STAMP })).toMatch(NAME);
  });

  it("differs for different runs, also of one instant", () => {
    const stamps = ["20260308T073000.000Z", LONGEST_STAMP, `${LONGEST_STAMP.slice(0, -1)}x`];
    const runs = [
      ...stamps.map((stamp) => ({ ...LONGEST, stamp })),
      { namespace: "a", job: "b", stamp: stamps[0] ?? "" },
    ];
    expect(new Set(runs.map(executionName)).size).toBe(runs.length);
  });

  it("is the same each time", () => {
    const run = { ...LONGEST, stamp: LONGEST_STAMP };
    expect(executionName({ ...run })).toBe(executionName(run));
  });
});
