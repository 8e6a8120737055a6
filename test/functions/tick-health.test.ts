import { describe, expect, it } from "vitest";
import { Pacer } from "../../core/services/pace.ts";
import { tick } from "../../core/services/tick.ts";
import { tickHealth } from "../../functions/api/tick-health.ts";
import { World } from "../support/world.ts";

const MINUTE_MS = 60_000;

async function tickNow(world: World): Promise<void> {
  const nowMs = world.clock.nowMs();
  await tick(world.core, {
    scheduledAtMs: nowMs,
    deadlineMs: nowMs + 50_000,
    onError: (error) => world.errors.push(error),
  });
}

function health(world: World) {
  return tickHealth(world.core, { groups: 1, pacer: new Pacer(world.core) });
}

describe("tickHealth()", () => {
  it("is good while the platform is paused, since no tick is to come", async () => {
    const world = new World();
    await new Pacer(world.core).stop();

    expect(await health(world)).toMatchObject({ ready: true });
  });

  it("is bad before the first tick", async () => {
    const world = new World();

    expect(await health(world)).toEqual({ ready: false, scheduler: { shards: [], lastRoundAgeMs: Infinity } });
  });

  it("is good while ticks come, also at the slow pace, and bad when they stay away", async () => {
    const world = new World();
    await tickNow(world);
    const ages: [ageMs: number, isReady: boolean][] = [];
    for (const minutes of [0, 16, 2]) {
      await world.clock.advance(minutes * MINUTE_MS);
      const { ready, scheduler } = await health(world);
      ages.push([scheduler.lastRoundAgeMs, ready]);
    }

    expect(ages).toEqual([
      [0, true],
      [16 * MINUTE_MS, true],
      [18 * MINUTE_MS, false],
    ]);
  });

  it("is bad when the table can't be read", async () => {
    const { core, faults } = new World().process();
    faults.plan = () => "unavailable";

    expect((await tickHealth(core, { groups: 1, pacer: new Pacer(core) })).ready).toBe(false);
  });
});
