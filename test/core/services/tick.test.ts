import { describe, expect, it } from "vitest";
import { AWS_KNOBS } from "../../../core/knobs.ts";
import { startBackfill } from "../../../core/services/backfill.ts";
import { oldestTick, tick, type TickGroup, type TickReport } from "../../../core/services/tick.ts";
import { SeededRandom } from "../../support/seeded-random.ts";
import { NAMESPACE, type Process, START_MS, World } from "../../support/world.ts";

const MINUTE_MS = 60_000;

function aWorld(): World {
  return new World({ schedulers: 0, knobs: AWS_KNOBS });
}

/** A tick of its own process, as if in a function that was never called before. */
async function tickOnce(
  world: World,
  { scheduledAtMs = world.clock.nowMs(), process = world.process(), group }: Partial<TickCall> = {},
): Promise<TickReport | "dead"> {
  const options = {
    scheduledAtMs,
    deadlineMs: world.clock.nowMs() + 50_000,
    onError: (error: unknown) => world.errors.push(error),
    ...(group === undefined ? {} : { group }),
  };
  return process.faults.orDeath(tick(process.core, options));
}

interface TickCall {
  readonly scheduledAtMs: number;
  readonly process: Process;
  readonly group: TickGroup;
}

describe("tick()", () => {
  it("fires every slot in time, though each tick comes up to a minute late", async () => {
    for (const seed of [1, 2, 3, 4, 5]) {
      const random = new SeededRandom(seed);
      const world = aWorld();
      await world.define({ name: "each-minute", schedule: { cron: "* * * * *" } });
      await world.define({ name: "each-ten-seconds", schedule: { every: "10s" }, overlap: "allow" });
      await world.define({ name: "once-an-hour", schedule: { cron: "30 * * * *" } });
      await world.define({ name: "once", schedule: { at: new Date(START_MS + 47 * MINUTE_MS).toISOString() } });

      for (let minute = 0; minute < 90; minute += 1) {
        const lateMs = Math.floor(random.next() * 59) * 1_000;
        await world.advance(lateMs, { stepMs: 1_000 });
        await tickOnce(world, { scheduledAtMs: START_MS + minute * MINUTE_MS });
        await world.advance(MINUTE_MS - lateMs, { stepMs: 1_000 });
      }

      await world.advance(1_000);
      for (const job of ["each-minute", "each-ten-seconds", "once-an-hour", "once"]) {
        expect((await world.ledger(job)).lateness?.maxMs, `${job}, seed ${seed}`).toBeLessThanOrEqual(1_000);
      }
      expect(await world.ledger("each-minute")).toMatchObject({ expected: 90, fired: 90, unexplained: 0 });
      expect(await world.ledger("once-an-hour")).toMatchObject({ expected: 2, fired: 2, unexplained: 0 });
      expect(await world.ledger("once")).toMatchObject({ expected: 1, fired: 1, unexplained: 0 });
      expect(await world.ledger("each-ten-seconds")).toMatchObject({ expected: 540, unexplained: 0 });
      expect(world.watch.violations).toEqual([]);
      expect(world.errors).toEqual([]);
    }
  }, 120_000);

  it("visits a shard once of three that are woken for the same instant, and does no harm in three that all do", async () => {
    const world = aWorld();
    await world.define({ name: "beat", schedule: { cron: "* * * * *" } });
    await world.clock.advance(10_000);

    const same = await Promise.all([1, 2, 3].map(() => tickOnce(world, { scheduledAtMs: START_MS + 5 })));
    expect(same.filter((report) => report !== "dead" && report.kind === "superseded")).toHaveLength(2);

    for (let minute = 0; minute < 10; minute += 1) {
      const nowMs = world.clock.nowMs();
      await Promise.all([1, 2, 3].map((offset) => tickOnce(world, { scheduledAtMs: nowMs + offset })));
      await world.advance(MINUTE_MS);
    }
    expect(await world.ledger("beat")).toMatchObject({ expected: 10, fired: 10, unexplained: 0 });
  });

  it("leaves to the next tick whatever a killed one has not done, wherever it was killed", async () => {
    let calls = 1;
    for (let hasDied = true; hasDied; calls += 1) {
      const world = aWorld();
      await world.define({ name: "beat", schedule: { every: "20s" }, overlap: "allow" });
      await world.define({ name: "other", schedule: { cron: "* * * * *" } });
      await world.advance(100_000);
      const process = world.process();
      const lastCall = calls;
      process.faults.plan = (number) => (number === lastCall ? "dieAfter" : undefined);
      hasDied = (await tickOnce(world, { process })) === "dead";
      for (let minute = 0; minute < 5; minute += 1) {
        await world.advance(MINUTE_MS);
        await tickOnce(world);
      }
      const report = await world.ledger("beat");
      expect(report, `killed after call ${calls}`).toMatchObject({ expected: report.fired, unexplained: 0 });
      expect(await world.ledger("other")).toMatchObject({ unexplained: 0 });
    }
    expect(calls).toBeGreaterThan(10);
  });

  it("begins no round after its deadline, and tells what it has left", async () => {
    const world = aWorld();
    await world.define({ name: "beat", schedule: { cron: "0 12 * * *" } });
    await world.clock.advance(3 * 3_600_000);
    const deadlineMs = world.clock.nowMs();
    const report = await tick(world.process().core, {
      scheduledAtMs: deadlineMs,
      deadlineMs,
      onError: () => undefined,
    });
    expect(report).toMatchObject({ kind: "done", visited: 0, isCut: true });
    expect(await tickOnce(world, { scheduledAtMs: deadlineMs + 1 })).toMatchObject({ visited: 1, isCut: false });
  });

  it("visits in a group the shards of this group alone, and all groups together visit all", async () => {
    const world = aWorld();
    for (let i = 0; i < 20; i += 1) await world.define({ name: `job-${i}`, schedule: { cron: "0 12 * * *" } });
    await world.clock.advance(2 * 3_600_000);
    const visited = [];
    for (const index of [0, 1, 2]) {
      const report = await tickOnce(world, { group: { index, count: 3 } });
      visited.push(report !== "dead" && report.kind === "done" ? report.visited : 0);
    }
    expect(visited.reduce((sum, count) => sum + count, 0)).toBe(20);
    expect(Math.max(...visited)).toBeLessThan(20);
    expect(await tickOnce(world, { scheduledAtMs: world.clock.nowMs() + 1 })).toMatchObject({ visited: 0 });
  });

  it("tells how long ago the groups ticked, once all have", async () => {
    const world = aWorld();
    expect(await oldestTick(world.core, 2)).toBeUndefined();
    await tickOnce(world, { group: { index: 0, count: 2 } });
    expect(await oldestTick(world.core, 2)).toBeUndefined();
    await world.clock.advance(5_000);
    await tickOnce(world, { group: { index: 1, count: 2 } });
    expect(await oldestTick(world.core, 2)).toMatchObject({ startedAtMs: START_MS });
  });

  it("hands out the pages of a backfill one after the other within one tick", async () => {
    const world = aWorld();
    await world.define({ name: "beat", schedule: { cron: "* * * * *" }, overlap: "allow" });
    await world.clock.advance(10);
    await startBackfill(world.core, NAMESPACE, "beat", {
      fromMs: START_MS - 300 * MINUTE_MS,
      toMs: START_MS,
      concurrency: 100,
    });
    world.behave = () => ({ takesMs: 0, result: { kind: "succeeded" } });
    const ticking = tickOnce(world);
    await world.advance(20_000);
    await ticking;
    expect(world.runs("beat").filter(({ cause }) => cause === "backfill")).toHaveLength(300);
  });
});
