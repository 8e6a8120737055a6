import { describe, expect, it } from "vitest";
import type { Table } from "../../../core/ports/table.ts";
import { type Pace, SAFETY_PERIOD_MS, type Timer } from "../../../core/ports/timer.ts";
import { Pacer } from "../../../core/services/pace.ts";
import { ManualClock } from "../../support/manual-clock.ts";
import { MemoryTable } from "../../support/memory-table.ts";
import { SeededRandom } from "../../support/seeded-random.ts";

class ToldTimer implements Timer {
  pace: Pace = "steady";

  setPace(pace: Pace): Promise<void> {
    this.pace = pace;
    return Promise.resolve();
  }
}

const FAR_MS = 3_600_000;

function aPacer() {
  const [table, timer, clock] = [new MemoryTable(), new ToldTimer(), new ManualClock()];
  return { timer, clock, table, pacer: new Pacer({ table, timer, clock }) };
}

function looking(nextVisitMs: number | undefined, { isAwake = false, isRare = false } = {}) {
  return { look: () => Promise.resolve(nextVisitMs), isAwake: () => Promise.resolve(isAwake), isRare };
}

describe("Pacer", () => {
  it("slows down when nothing is due for long, and not before", async () => {
    const { pacer, timer, clock } = aPacer();
    const soonMs = clock.nowMs() + SAFETY_PERIOD_MS;
    expect(await pacer.settle(soonMs, looking(soonMs))).toBe("steady");
    expect(timer.pace).toBe("steady");

    const farMs = clock.nowMs() + FAR_MS;
    expect(await pacer.settle(farMs, looking(farMs))).toBe("slow");
    expect(timer.pace).toBe("slow");
    expect(await pacer.settle(undefined, looking(undefined))).toBe("slow");
  });

  it("stays steady while workers are at work", async () => {
    const { pacer, timer } = aPacer();
    expect(await pacer.settle(undefined, looking(undefined, { isAwake: true }))).toBe("steady");
    expect(timer.pace).toBe("steady");
  });

  it("is pulled forward by an entry that is due soon, and not by one that is due late", async () => {
    const { pacer, timer, clock } = aPacer();
    await pacer.settle(undefined, looking(undefined));
    await pacer.armed(clock.nowMs() + FAR_MS);
    expect(timer.pace).toBe("slow");
    await pacer.armed(clock.nowMs() + 60_000);
    expect(timer.pace).toBe("steady");
  });

  it("becomes steady again with the rare tick that finds something due soon", async () => {
    const { pacer, timer, clock } = aPacer();
    await pacer.settle(undefined, looking(undefined));
    const soonMs = clock.nowMs() + 60_000;
    expect(await pacer.settle(soonMs, looking(soonMs))).toBe("steady");
    expect(timer.pace).toBe("steady");
  });

  it("puts a timer right that a crash has left slow", async () => {
    const { pacer, timer, clock } = aPacer();
    timer.pace = "slow";
    const soonMs = clock.nowMs() + 60_000;
    await pacer.settle(soonMs, looking(soonMs, { isRare: true }));
    expect(timer.pace).toBe("steady");
  });

  it("stays stopped, whatever is armed, until it is let go on", async () => {
    const { pacer, timer, clock } = aPacer();
    await pacer.stop({ by: "ada", note: "move" });
    await pacer.stop({ by: "bob" });
    expect(await pacer.findStop()).toEqual({ atMs: clock.nowMs(), by: "ada", note: "move" });
    await pacer.armed(clock.nowMs());
    expect(await pacer.settle(clock.nowMs(), looking(clock.nowMs()))).toBe("stopped");
    expect(timer.pace).toBe("stopped");
    expect(await pacer.isStopped()).toBe(true);
    await pacer.go();
    expect(await pacer.findStop()).toBeUndefined();
    expect(timer.pace).toBe("steady");
  });

  it("never leaves an entry to a slow timer that was armed while it slowed down, in whatever order the calls come", async () => {
    let slowed = 0;
    for (let seed = 1; seed <= 500; seed += 1) {
      const random = new SeededRandom(seed);
      const turns = async () => {
        for (let left = Math.floor(random.next() ** 3 * 60); left > 0; left -= 1) await Promise.resolve();
      };
      const { table, timer, clock } = aPacer();
      const delayed: Pick<Table, "get" | "put"> = {
        get: async (key) => (await turns(), table.get(key)),
        put: async (key, body, expect) => (await turns(), table.put(key, body, expect)),
      };
      const slowTimer: Timer = { setPace: async (pace) => (await turns(), timer.setPace(pace)) };
      const aProcess = () => new Pacer({ table: { ...throughout(table), ...delayed }, timer: slowTimer, clock });
      const entry = { atMs: Number.POSITIVE_INFINITY };

      const arm = async () => {
        await turns();
        entry.atMs = clock.nowMs() + 30_000;
        await turns();
        await aProcess().armed(entry.atMs);
      };
      const look = async () => (await turns(), Number.isFinite(entry.atMs) ? entry.atMs : undefined);
      await turns();
      const tick = aProcess().settle(undefined, { look, isAwake: () => Promise.resolve(false), isRare: false });
      await Promise.all([arm(), tick]);

      expect(timer.pace, `seed ${seed}`).toBe("steady");
      if ((await table.get({ pk: "pace", sk: "pace" })) !== undefined) slowed += 1;
    }
    expect(slowed).toBeGreaterThan(50);
  });
});

function throughout(table: Table): Table {
  return {
    get: (key) => table.get(key),
    batchGet: (keys) => table.batchGet(keys),
    query: (query) => table.query(query),
    put: (key, body, expect) => table.put(key, body, expect),
    delete: (key, expect) => table.delete(key, expect),
    batchWrite: (writes) => table.batchWrite(writes),
  };
}
