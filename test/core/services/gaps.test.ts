import { describe, expect, it } from "vitest";
import { pauseJob, resumeJob } from "../../../core/services/pause-job.ts";
import { NAMESPACE, START_MS, World } from "../../support/world.ts";

describe("a gap", () => {
  it("that an outage left in a frequent job stays one: no slot in it fires afterwards", async () => {
    const world = new World();
    await world.define({ name: "a", schedule: { every: "1s" }, misfire: { policy: "none" }, overlap: "allow" });
    await world.advance(20_000);
    const { schedulers } = world;
    world.schedulers = [];
    await world.advance(100_000);
    world.schedulers = schedulers;
    await world.advance(120_000);

    const gaps = world.gaps("a").map(({ fromMs, toMs }) => ({ fromMs: fromMs - START_MS, toMs: toMs - START_MS }));
    expect(gaps.length).toBeGreaterThan(0);
    expect(world.fired("a").filter((atMs) => gaps.some((gap) => gap.fromMs <= atMs && atMs <= gap.toMs))).toEqual([]);
    expect(world.fired("a").at(-1)).toBeGreaterThan(200_000);
    expect(await world.ledger("a")).toMatchObject({ unexplained: 0 });
  });

  it("of a pause that ended shortly after a slot is never rung for, and its slots get no rows", async () => {
    const world = new World();
    await world.define({ name: "a", schedule: { cron: "* * * * *" } });
    await world.advance(70_000);
    await pauseJob(world.core, NAMESPACE, "a", {});
    const pausedAtMs = world.clock.nowMs();
    await world.advance(180_000, { stepMs: 1_000 });
    await resumeJob(world.core, NAMESPACE, "a", { missed: "now" });
    const resumedAtMs = world.clock.nowMs();
    let rings = 0;
    world.queue.fate = ({ body }) => {
      const { version } = JSON.parse(body) as { version?: number };
      if (version === 2) rings += 1;
      return "keep";
    };
    await world.advance(3_600_000, { stepMs: 5_000 });

    const isInPause = ({ slotAtMs }: { slotAtMs: number }) => pausedAtMs < slotAtMs && slotAtMs <= resumedAtMs;
    expect(rings).toBe(0);
    expect(world.gaps("a")).toMatchObject([{ reason: "paused", version: 2 }]);
    expect(world.runs("a").filter(isInPause)).toEqual([]);
    expect(world.due().filter((entry) => entry.kind === "job" && entry.version === 2)).toEqual([]);
    expect(await world.ledger("a")).toMatchObject({ skipped: { paused: 3 }, unexplained: 0 });
  });

  it("is found over an instant also where a shorter one lies within it", async () => {
    const world = new World();
    const [namespace, job] = [NAMESPACE, "a"];
    const gap = { namespace, job, reason: "misfire", version: 1 } as const;
    await world.core.runs.putGap({ ...gap, fromMs: 40_000, toMs: 100_000 });
    await world.core.runs.putGap({ ...gap, fromMs: 50_000, toMs: 55_000 });

    const found = await world.core.runs.gapsOver({ namespace, name: job }, { fromMs: 41_000, toMs: 45_000 });
    expect(found).toMatchObject([{ fromMs: 40_000, toMs: 100_000 }]);
  });

  it("of one version leaves that of another alone that begins at the same instant", async () => {
    const world = new World();
    const gap = { namespace: NAMESPACE, job: "a", fromMs: 40_000 } as const;
    await world.core.runs.putGap({ ...gap, toMs: 100_000, reason: "calendar", version: 1 });
    await world.core.runs.putGap({ ...gap, toMs: 60_000, reason: "paused", version: 2 });

    expect(world.gaps("a")).toMatchObject([
      { reason: "calendar", toMs: 100_000 },
      { reason: "paused", toMs: 60_000 },
    ]);
  });
});
