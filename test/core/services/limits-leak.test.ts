import { describe, expect, it } from "vitest";
import { stampOf } from "../../../core/run/run-id.ts";
import { claimRun } from "../../../core/services/claim-run.ts";
import { pauseJob, resumeJob } from "../../../core/services/pause-job.ts";
import { NAMESPACE, START_MS, World } from "../../support/world.ts";

const SLOT_MS = START_MS + 60_000;

describe("a claim that dies between its limits and its record", () => {
  it("leaves no limit behind when a pause takes its slot away: later slots fire", async () => {
    const world = new World({ workers: 0 });
    await world.define({ name: "a", schedule: { cron: "* * * * *" } });
    await world.advance(59_000);
    const commitPause = await beginPause(world);
    await world.clock.advance(1_000);
    await dieHoldingLimits(world);
    await commitPause();
    world.addWorker();
    await world.advance(30_000);
    await resumeJob(world.core, NAMESPACE, "a", { missed: "now" });
    await world.advance(600_000);

    const later = world.fired("a").filter((atMs) => atMs > 120_000);
    expect(later).toEqual([180, 240, 300, 360, 420, 480, 540, 600, 660].map((second) => second * 1_000));
    expect(world.runs("a").filter(({ status }) => status === "skipped")).toEqual([]);
    expect(world.watch.violations).toEqual([]);
  });
});

/** Begins a pause that takes effect from this instant, and returns what commits it. */
async function beginPause(world: World): Promise<() => Promise<unknown>> {
  const { core } = world.process();
  const ready = Promise.withResolvers<undefined>();
  const gate = Promise.withResolvers<undefined>();
  const commit = core.jobs.commit.bind(core.jobs);
  core.jobs.commit = async (...change) => {
    ready.resolve(undefined);
    await gate.promise;
    return commit(...change);
  };
  const pausing = pauseJob(core, NAMESPACE, "a", {});
  await ready.promise;
  return () => {
    gate.resolve(undefined);
    return pausing;
  };
}

/** Claims the slot with a process that dies when it has taken the overlap limit. */
async function dieHoldingLimits(world: World): Promise<void> {
  const { core, faults } = world.process();
  const table = world.table.dump("limit#").length;
  faults.plan = (_, name) => (name === "table.put" ? "dieAfter" : undefined);
  const message = {
    v: 1,
    namespace: NAMESPACE,
    job: "a",
    stamp: stampOf(SLOT_MS),
    version: 1,
    dueAtMs: SLOT_MS,
  } as const;
  const claim = await faults.orDeath(claimRun(core, message, { id: "w-dead", pool: "default" }, 1));
  expect(claim).toBe("dead");
  expect(world.table.dump("limit#")).toHaveLength(table + 1);
  expect(world.runs("a")).toEqual([]);
}
