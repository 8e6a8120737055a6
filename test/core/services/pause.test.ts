import { describe, expect, it } from "vitest";
import { deleteJob } from "../../../core/services/define-job.ts";
import { pauseJob, resumeJob } from "../../../core/services/pause-job.ts";
import { triggerRuns } from "../../../core/services/trigger-runs.ts";
import { NAMESPACE, START_MS, World } from "../../support/world.ts";

const EVERY_5S = { name: "a", schedule: { every: "5s" }, overlap: "allow" } as const;

describe("a pause", () => {
  it.each([
    { missed: "now", fired: [] },
    { missed: "last", fired: [25_000] },
    { missed: "all", fired: [10_000, 15_000, 20_000, 25_000] },
  ] as const)("resumed with $missed fires exactly $fired of its slots", async ({ missed, fired }) => {
    const world = new World({ schedulers: 2 });
    await world.define(EVERY_5S);
    await world.advance(7_000);
    await pause(world);
    await world.advance(20_000);
    expect(world.fired("a")).toEqual([5_000]);
    await resume(world, missed);
    await world.advance(60_000);

    expect(world.fired("a").filter((atMs) => atMs > 7_000 && atMs <= 27_000)).toEqual(fired);
    const ledger = await world.ledger("a");
    expect(ledger).toMatchObject({ unexplained: 0, pending: 0 });
    expect(ledger.skipped["paused"] ?? 0).toBe(4 - fired.length);
    expect(world.watch.violations).toEqual([]);
  });

  it("lets the slots that it held start at once when it ends", async () => {
    const world = new World({ workers: 0 });
    await world.define({ name: "a", schedule: { every: "5s" }, overlap: "allow" });
    await world.advance(6_000);
    await pauseJob(world.core, NAMESPACE, "a", {});
    world.addWorker();
    await world.advance(2_000);
    expect(await world.ledger("a")).toMatchObject({ expected: 1, fired: 0, skipped: { paused: 1 } });

    await resumeJob(world.core, NAMESPACE, "a", { missed: "now" });
    await world.advance(1_000);

    expect(world.fired("a")).toEqual([5_000]);
  });

  it("that follows an outage brings none of the slots back that the outage was too long for", async () => {
    const world = new World();
    await world.define({ ...EVERY_5S, misfire: { policy: "last" } });
    await world.advance(6_000);
    const { schedulers } = world;
    world.schedulers = [];
    await world.advance(60_000);
    world.schedulers = schedulers;
    await world.advance(1_000);
    await pause(world);
    await world.advance(2_000);
    await resume(world, "now");
    await world.advance(120_000);

    const [gap] = world.gaps("a");
    expect(gap).toMatchObject({ reason: "misfire" });
    const isGivenUp = (atMs: number): boolean =>
      atMs >= (gap?.fromMs ?? 0) - START_MS && atMs <= (gap?.toMs ?? 0) - START_MS;
    expect(world.fired("a").filter(isGivenUp)).toEqual([]);
    expect(world.fired("a").at(-1)).toBeGreaterThan(180_000);
    expect(await world.ledger("a")).toMatchObject({ unexplained: 0, pending: 0 });
  });

  it("resumed with the last slot fires it also when it is older than the allowed lateness", async () => {
    const world = new World();
    await world.define({
      ...EVERY_5S,
      schedule: { every: "1h" },
      misfire: { maxLateness: "1m" },
      timeouts: { queue: "1m" },
    });
    await world.advance(1_000);
    await pause(world);
    await world.advance(100 * 60_000, { stepMs: 60_000 });
    await resume(world, "last");
    await world.advance(60_000);

    expect(world.fired("a")).toEqual([3_600_000]);
  });

  it("resumed with all fires no more than the misfire limit, the newest", async () => {
    const world = new World();
    await world.define({ ...EVERY_5S, misfire: { limit: 3 } });
    await pause(world);
    await world.advance(60_000, { stepMs: 5_000 });
    await resume(world, "all");
    await world.advance(3_000);

    expect(world.fired("a")).toEqual([50_000, 55_000, 60_000]);
  });

  it("in which nothing was missed leaves no row and no walk", async () => {
    const world = new World();
    await world.define({ ...EVERY_5S, schedule: { every: "1h" } });
    await pause(world);
    await world.advance(1_000);
    await resume(world, "all");
    await world.advance(600_000, { stepMs: 5_000 });
    expect(world.rows("a")).toEqual([]);
    await world.advance(3_600_000, { stepMs: 30_000 });

    expect(world.fired("a")).toEqual([3_600_000]);
    expect(world.due()).toHaveLength(1);
  });

  it("holds slots that were due before it and not claimed; they fire when it ends", async () => {
    const world = new World({ workers: 0 });
    await world.define(EVERY_5S);
    await world.advance(12_000);
    await pause(world);
    world.addWorker();
    await world.advance(120_000, { stepMs: 1_000 });
    expect(world.fired("a")).toEqual([]);
    expect(await world.ledger("a")).toMatchObject({ unexplained: 0 });
    await resume(world, "now");
    await world.advance(40_000);

    expect(world.fired("a").filter((atMs) => atMs < 20_000)).toEqual([5_000, 10_000]);
  });

  it("holds runs that were asked for before it; they start soon after it, however long it was", async () => {
    const world = new World({ workers: 0 });
    await world.define({ name: "a", overlap: "allow" });
    await triggerRuns(world.core, NAMESPACE, "a", { requests: [{}, {}] });
    await pause(world);
    world.addWorker();
    await world.advance(2 * 3_600_000, { stepMs: 10_000 });
    expect(world.runs("a").map(({ attempt }) => attempt)).toEqual([0, 0]);
    await resume(world, "now");
    await world.advance(20_000);

    expect(world.runs("a").map(({ status }) => status)).toEqual(["succeeded", "succeeded"]);
  });

  it("with edits in it stays one pause", async () => {
    const world = new World();
    await world.define(EVERY_5S);
    await world.advance(7_000);
    await pause(world);
    await world.advance(10_000);
    await world.define({ ...EVERY_5S, description: "edited" });
    await world.advance(10_000);
    expect(world.fired("a")).toEqual([5_000]);
    await resume(world, "last");
    await world.advance(60_000);

    expect(world.fired("a").filter((atMs) => atMs <= 27_000)).toEqual([5_000, 25_000]);
    expect(await world.ledger("a")).toMatchObject({ unexplained: 0, pending: 0 });
  });

  it("and a resumption that are repeated change nothing", async () => {
    const world = new World();
    await world.define(EVERY_5S);
    const first = await pause(world);
    const second = await pause(world);
    await resume(world, "now");
    const third = await resume(world, "all");

    expect([first.changed, second.changed, third.changed]).toEqual([true, false, false]);
  });

  it("does not change the version unless the caller knows it", async () => {
    const world = new World();
    await world.define(EVERY_5S);

    await expect(pauseJob(world.core, NAMESPACE, "a", { ifVersion: 7 })).rejects.toMatchObject({
      code: "version-conflict",
    });
    await expect(pauseJob(world.core, NAMESPACE, "b", {})).rejects.toMatchObject({ code: "not-found" });
  });
});

describe("a deletion", () => {
  it("ends what was due and not claimed, and nothing fires after it", async () => {
    const world = new World({ workers: 0 });
    await world.define(EVERY_5S);
    await triggerRuns(world.core, NAMESPACE, "a", { requests: [{}] });
    await world.advance(12_000);
    await deleteJob(world.core, NAMESPACE, "a", {});
    world.addWorker();
    await world.advance(60_000);

    expect(world.runs("a").map(({ status, attempt }) => [status, attempt])).toEqual([
      ["skipped", 0],
      ["skipped", 0],
      ["skipped", 0],
    ]);
    expect(await world.ledger("a")).toMatchObject({ expected: 2, skipped: { deleted: 2 }, unexplained: 0 });
    expect(world.due()).toEqual([]);
  });

  it("is final for what was left over, also when the job is defined again", async () => {
    const world = new World({ workers: 0 });
    await world.define(EVERY_5S);
    await triggerRuns(world.core, NAMESPACE, "a", { requests: [{}] });
    await world.advance(6_000);
    await deleteJob(world.core, NAMESPACE, "a", {});
    await world.define({ ...EVERY_5S, schedule: { every: "1h" } });
    world.addWorker();
    await world.advance(60_000);

    expect(world.runs("a")).toMatchObject([{ reason: "deleted" }, { reason: "deleted" }]);
  });

  it("is refused while a run is running", async () => {
    const world = new World();
    world.behave = () => ({ takesMs: 60_000, result: { kind: "succeeded" } });
    await world.define(EVERY_5S);
    await world.advance(6_000);

    await expect(deleteJob(world.core, NAMESPACE, "a", {})).rejects.toMatchObject({ code: "job-has-active-runs" });
  });
});

function pause(world: World) {
  return pauseJob(world.core, NAMESPACE, "a", { by: "ann" });
}

function resume(world: World, missed: "now" | "last" | "all") {
  return resumeJob(world.core, NAMESPACE, "a", { missed });
}
