import { describe, expect, it } from "vitest";
import type { Table } from "../../../core/ports/table.ts";
import { createCore } from "../../../core/services/core.ts";
import { pauseJob, resumeJob } from "../../../core/services/pause-job.ts";
import { keys } from "../../../core/store/keys.ts";
import { NAMESPACE, START_MS, World } from "../../support/world.ts";

const EVERY_5S = { name: "a", schedule: { every: "5s" }, overlap: "allow" } as const;

describe("a slot", () => {
  it("fires once while three schedulers visit everything at once", async () => {
    const world = new World({ schedulers: 3, workers: 3 });
    await world.define(EVERY_5S);

    await world.advance(60_000);

    expect(world.fired("a")).toEqual(multiples(5_000, 60_000));
    expect(await world.ledger("a")).toMatchObject({ expected: 12, fired: 12, unexplained: 0, attempts: 12 });
    expect(world.watch.violations).toEqual([]);
    expect(world.errors).toEqual([]);
  });

  it("starts at its instant or within the step after it, never before", async () => {
    const world = new World();
    await world.define({ name: "a", schedule: { every: "7s" } });

    await world.advance(30_000);

    expect((await world.ledger("a")).lateness?.maxMs).toBeLessThan(500);
    expect(world.watch.violations).toEqual([]);
  });

  it("is whole though the clock gives fractions of a millisecond", async () => {
    const world = new World();
    world.clock.stepWall(0.37);
    await world.define({ ...EVERY_5S, misfire: { policy: "last" } });
    await world.clock.advance(60_000.21);
    await world.advance(60_000.5, { stepMs: 333.3 });

    expect(world.watch.violations).toEqual([]);
    expect(world.gaps("a").length).toBeGreaterThan(0);
    for (const { fromMs, toMs } of world.gaps("a")) expect([fromMs % 1, toMs % 1]).toEqual([0, 0]);
    expect(await world.ledger("a")).toMatchObject({ unexplained: 0 });
  });

  it.each<{ what: string; fate: "lose" | "double"; untilMs: number }>([
    { what: "lost", fate: "lose", untilMs: 60_000 },
    { what: "doubled", fate: "double", untilMs: 120_000 },
  ])("fires once though all messages are $what", async ({ fate, untilMs }) => {
    const world = new World({ workers: 2 });
    const startMs = world.clock.nowMs();
    world.queue.fate = () => (world.clock.nowMs() < startMs + untilMs ? fate : "keep");
    await world.define(EVERY_5S);

    await world.advance(180_000, { stepMs: 1_000 });

    expect(world.fired("a")).toEqual(multiples(5_000, 180_000));
    expect(await world.ledger("a")).toMatchObject({ expected: 36, fired: 36, attempts: 36 });
    expect(world.watch.violations).toEqual([]);
  });

  it("whose message was lost before an outage of the schedulers is found after it", async () => {
    const world = new World();
    await world.define({ ...EVERY_5S, misfire: { policy: "last" } });
    await world.advance(1_000);
    world.queue.lose();
    const { schedulers } = world;
    world.schedulers = [];
    await world.advance(300_000, { stepMs: 5_000 });
    world.schedulers = schedulers;
    await world.advance(120_000, { stepMs: 1_000 });

    // Those that were rung for before the outage fire late; of the others in it the last misfire and what is not late yet.
    expect(world.fired("a").filter((atMs) => atMs < 300_000)).toEqual([
      5_000, 10_000, 15_000, 20_000, 290_000, 295_000,
    ]);
    expect(await world.ledger("a")).toMatchObject({ unexplained: 0, pending: 0 });
  });

  it("that no worker could take for hours is fired by the workers that come", async () => {
    const world = new World({ workers: 0 });
    await world.define({ ...EVERY_5S, schedule: { every: "10m" } });
    await world.advance(3 * 3_600_000, { stepMs: 60_000 });

    world.addWorker();
    await world.advance(60_000);

    expect(world.fired("a")).toEqual(multiples(600_000, 3 * 3_600_000));
  });

  it("is pending, not unexplained, while its message waits in a queue that nobody serves", async () => {
    const world = new World({ workers: 0 });
    await world.define(EVERY_5S);

    await world.advance(10 * 60_000, { stepMs: 5_000 });

    expect(await world.ledger("a")).toMatchObject({ expected: 120, pending: 120, unexplained: 0 });
  });

  it("without a row is unexplained once nothing waits for it", async () => {
    const world = new World({ workers: 0 });
    world.queue.fate = () => "lose";
    await world.define(EVERY_5S);
    await world.advance(10 * 60_000, { stepMs: 5_000 });

    const { expected, pending, unexplained } = await world.ledger("a");
    expect({ expected, total: pending + unexplained }).toEqual({ expected: 120, total: 120 });
    expect(unexplained).toBeGreaterThan(100);
  });

  it("leaves few entries behind: one walk and no more, after much happened", async () => {
    const world = new World({ schedulers: 3, workers: 2 });
    await world.define(EVERY_5S);
    for (let i = 0; i < 5; i += 1) {
      await world.advance(20_000);
      await world.define({ ...EVERY_5S, description: `edit ${i}` });
    }
    await world.advance(180_000, { stepMs: 1_000 });

    expect(world.due().filter(({ kind }) => kind === "job")).toHaveLength(1);
  });
});

describe("an edit", () => {
  it.each([-1, 0, 1])("%d ms from a slot leaves each instant to one version", async (offsetMs) => {
    const world = new World({ schedulers: 2 });
    await world.define(EVERY_5S);
    await world.advance(10_000 + offsetMs);
    await world.define({ ...EVERY_5S, description: "new" });
    await world.advance(90_000);

    expect(world.fired("a")).toEqual(
      multiples(5_000, 100_000 + Math.min(0, offsetMs)).slice(0, world.fired("a").length),
    );
    expect(world.fired("a").length).toBeGreaterThanOrEqual(19);
    for (const run of world.runs("a")) {
      const sinceMs = world.runs("a")[0]?.createdAtMs ?? 0;
      expect(run.version, `${run.slotAtMs}`).toBe(run.slotAtMs - sinceMs > 5_000 + offsetMs ? 2 : 1);
    }
  });

  it("takes slots back that were dispatched and are not the new version's", async () => {
    const world = new World();
    await world.define(EVERY_5S);
    await world.advance(12_000);
    await world.define({ ...EVERY_5S, schedule: { every: "30s" } });
    await world.advance(90_000);

    expect(world.fired("a")).toEqual([5_000, 10_000, 30_000, 60_000, 90_000]);
    expect(await world.ledger("a")).toMatchObject({ expected: 5, fired: 5, unexplained: 0 });
  });

  it("that is committed late loses no run that the former version has begun meanwhile", async () => {
    const world = new World();
    world.behave = ({ attempt }) => ({ takesMs: attempt === 1 ? 3_600_000 : 100, result: { kind: "succeeded" } });
    await world.define(EVERY_5S);
    const commit = Promise.withResolvers<void>();
    const { core } = world.process();
    const slowTable: Table = {
      ...core.table,
      put: async (key, body, expect) => {
        if (key.sk === keys.job(NAMESPACE, "a").sk) await commit.promise;
        return core.table.put(key, body, expect);
      },
    };
    const edited = world.define(
      { ...EVERY_5S, schedule: { every: "1h" } },
      createCore({ ...core, table: slowTable }, world.knobs),
    );
    await world.advance(7_000);
    commit.resolve();
    await edited;
    expect(world.runs("a")).toMatchObject([{ status: "running", version: 1, slotAtMs: START_MS + 5_000 }]);
    world.killWorker();
    world.queue.lose();
    world.addWorker();
    await world.advance(60_000);

    expect(world.runs("a")).toMatchObject([{ status: "succeeded", version: 1, attempt: 2 }]);
  });

  it("moves slots to the pool of the new version", async () => {
    const world = new World();
    world.addWorker({ pool: "gpu" });
    await world.define(EVERY_5S);
    await world.advance(7_000);
    await world.define({ ...EVERY_5S, pool: "gpu" });
    await world.advance(30_000);

    const workers = world.runs("a").map((run) => run.attempts[0]?.worker);
    expect(workers).toEqual(["w1", ...Array.from({ length: 6 }, () => "w2")]);
  });
});

describe("a change that broke down before its commit", () => {
  it("leaves no walk that trips over the slots of the version before the next change", async () => {
    for (let number = 1; number <= 8; number += 1) {
      const world = new World();
      await world.define(EVERY_5S);
      await world.advance(6_000);
      const { core, faults } = world.process();
      faults.plan = (call) => (call === number ? "dieBefore" : undefined);
      await faults.orDeath(world.define({ ...EVERY_5S, description: "never" }, core));
      world.queue.fate = () => "lose";
      world.queue.lose();
      await world.advance(6_000);
      await pauseJob(world.core, NAMESPACE, "a", {});
      await resumeJob(world.core, NAMESPACE, "a", { missed: "now" });
      world.queue.fate = () => "keep";
      await world.advance(90_000);

      expect(world.gaps("a"), `call ${number}`).toEqual([]);
      expect(world.fired("a").slice(0, 12), `call ${number}`).toEqual(multiples(5_000, 60_000));
    }
  });
});

describe("a misfire", () => {
  const OUTAGE_MS = 605_000;

  it.each([
    { policy: "none", fired: 0 },
    { policy: "last", fired: 1 },
    { policy: "all", fired: 10 },
  ] as const)("with policy $policy fires $fired of the missed slots, the newest", async ({ policy, fired }) => {
    const world = new World();
    await world.define({ ...EVERY_5S, misfire: { policy, limit: 10 }, schedule: { every: "30s" } });
    await world.clock.advance(OUTAGE_MS);
    await world.advance(60_000);

    const missed = multiples(30_000, OUTAGE_MS - 10_000);
    const inOutage = world.fired("a").filter((atMs) => atMs <= OUTAGE_MS - 10_000);
    expect(inOutage).toEqual(fired === 0 ? [] : missed.slice(-fired));
    const ledger = await world.ledger("a");
    expect(ledger).toMatchObject({ unexplained: 0, pending: 0 });
    expect(ledger.skipped["misfire"]).toBe(missed.length - fired);
    expect(world.gaps("a").filter(({ reason }) => reason === "misfire")).toHaveLength(1);
  });

  it("older than the allowed lateness does not fire", async () => {
    const world = new World();
    const misfire = { policy: "all", maxLateness: "2m" } as const;
    await world.define({ ...EVERY_5S, schedule: { every: "30s" }, misfire });
    await world.clock.advance(OUTAGE_MS);
    await world.advance(30_000);

    expect(Math.min(...world.fired("a"))).toBeGreaterThanOrEqual(OUTAGE_MS - 120_000);
    expect(await world.ledger("a")).toMatchObject({ unexplained: 0 });
  });

  it("costs the same, however many slots were missed", async () => {
    const costs: number[] = [];
    for (const days of [1, 30]) {
      const world = new World();
      await world.define({ ...EVERY_5S, schedule: { every: "1s" } });
      await world.clock.advance(days * 86_400_000);
      const before = world.calls();
      await world.advance(2_000);
      costs.push(world.calls() - before);
      expect(world.errors).toEqual([]);
    }

    expect(costs[1]).toBeLessThanOrEqual((costs[0] ?? 0) + 10);
  });
});

function multiples(periodMs: number, untilMs: number): number[] {
  return Array.from({ length: Math.floor(untilMs / periodMs) }, (_, index) => (index + 1) * periodMs);
}
