import { describe, expect, it } from "vitest";
import { QUIET_LOOKS } from "../../../core/fleet/pool-size.ts";
import type { Fleet } from "../../../core/ports/fleet.ts";
import { PoolSizer, type Pools } from "../../../core/services/pool-sizer.ts";
import { eventually } from "../../support/eventually.ts";
import { ManualClock } from "../../support/manual-clock.ts";
import { MemoryQueue } from "../../support/memory-queue.ts";
import { MemoryTable } from "../../support/memory-table.ts";

const POOLS: Pools = {
  default: { slots: 8, minTasks: 0, maxTasks: 10 },
  warm: { slots: 1, minTasks: 2, maxTasks: 3 },
};

function aSizer(pools = POOLS) {
  const clock = new ManualClock();
  const [table, queue] = [new MemoryTable(), new MemoryQueue(clock)];
  const sizes = new Map<string, number>();
  const fleet: Pick<Fleet, "resize"> = {
    resize: (pool, count) => {
      sizes.set(pool, count);
      return Promise.resolve();
    },
  };
  // A new one each time, as in a function that was never called before.
  const sizer = () => new PoolSizer({ table, queue, fleet }, pools);
  const send = (count: number, delayMs = 0) =>
    Promise.all(
      Array.from({ length: count }, () => queue.send("default.normal", [{ body: "{}", group: "a", delayMs }])),
    );
  return { clock, queue, sizes, sizer, send };
}

const DUE_MS = Date.UTC(2026, 0, 1);

function rung(count: number, { spreadMs = 0, pool = "default" } = {}) {
  return Array.from({ length: count }, (_, index) => ({ pool, dueAtMs: DUE_MS + index * spreadMs }));
}

describe("PoolSizer", () => {
  it("wakes a sleeping pool with as many workers as the runs that are due together need", async () => {
    const { sizer, sizes } = aSizer();
    const one = sizer();
    one.note(rung(20));
    await one.grow();
    expect(sizes.get("default")).toBe(3);
  });

  it("takes runs that are due one after the other for few", async () => {
    const { sizer, sizes } = aSizer();
    const one = sizer();
    one.note(rung(100, { spreadMs: 10_000 }));
    await one.grow();
    expect(sizes.get("default")).toBe(1);
  });

  it("asks for no more than the pool may have", async () => {
    const { sizer, sizes } = aSizer();
    const one = sizer();
    one.note(rung(1_000));
    await one.grow();
    expect(sizes.get("default")).toBe(10);
  });

  it("leaves a pool alone that is large enough, and one that it was not told of", async () => {
    const { sizer, sizes } = aSizer();
    const [first, second] = [sizer(), sizer()];
    first.note(rung(20));
    await first.grow();
    sizes.clear();
    second.note([...rung(4), ...rung(4, { pool: "elsewhere" })]);
    await second.grow();
    expect(sizes.size).toBe(0);
  });

  it("grows with what waits in the queues", async () => {
    const { sizer, sizes, send } = aSizer();
    const one = sizer();
    one.note(rung(1));
    await one.grow();
    await send(30);
    await sizer().settle();
    expect(sizes.get("default")).toBe(4);
  });

  it("keeps a worker while a message is on its way, and none after a time of quiet", async () => {
    const { sizer, sizes, send, clock, queue } = aSizer({ default: { slots: 8, minTasks: 0, maxTasks: 10 } });
    const one = sizer();
    one.note(rung(1));
    await one.grow();
    await send(1, 300_000);
    for (let look = 0; look < 2 * QUIET_LOOKS; look += 1) await sizer().settle();
    expect(sizes.get("default")).toBe(1);

    await clock.advance(300_000);
    const received = await queue.receive("default.normal", { max: 10, waitMs: 0, visibilityMs: 60_000 });
    await queue.delete(
      "default.normal",
      received.map(({ receipt }) => receipt),
    );
    const awake = [];
    for (let look = 0; look < QUIET_LOOKS; look += 1) {
      await sizer().settle();
      awake.push(await sizer().isAwake());
    }
    expect(awake).toEqual([true, true, true, true, false]);
    expect(sizes.get("default")).toBe(0);
  });

  it("does not take a pool for quiet that is rung for, though the queue tells of nothing as yet", async () => {
    const { sizer, sizes } = aSizer({ default: { slots: 8, minTasks: 0, maxTasks: 10 } });
    for (let look = 0; look < 4 * QUIET_LOOKS; look += 1) {
      const ringing = sizer();
      if (look % (QUIET_LOOKS - 1) === 0) ringing.note(rung(1));
      await ringing.grow();
      await sizer().settle();
    }
    expect(sizes.get("default")).toBe(1);
  });

  it("shrinks step by step, each after a time of quiet of its own", async () => {
    const { sizer, sizes, send, queue } = aSizer({ default: { slots: 1, minTasks: 0, maxTasks: 10 } });
    await send(2);
    await sizer().settle();
    const [one] = await queue.receive("default.normal", { max: 1, waitMs: 0, visibilityMs: 600_000 });
    await queue.delete("default.normal", [one?.receipt ?? ""]);
    const seen = [];
    for (let look = 0; look < QUIET_LOOKS + 2; look += 1) {
      await sizer().settle();
      seen.push(sizes.get("default"));
    }
    expect(seen).toEqual([2, 2, 2, 2, 1, 1, 1]);
  });

  it("counts the runs that workers have in hand beyond what is in flight", async () => {
    const { sizer, sizes } = aSizer();
    await sizer().settle(new Map([["default", { running: 9, busyWorkers: 1 }]]));
    expect(sizes.get("default")).toBe(2);
  });

  it("keeps as many workers as have runs in hand, though fewer could hold them", async () => {
    const { sizer, sizes } = aSizer();
    const work = new Map([["default", { running: 3, busyWorkers: 3 }]]);
    for (let look = 0; look < 2 * QUIET_LOOKS; look += 1) await sizer().settle(work);
    expect(sizes.get("default")).toBe(3);
  });

  it("wakes a pool in which something waits that nobody told of", async () => {
    const { sizer, sizes, send } = aSizer();
    await send(1);
    await sizer().settle();
    expect(sizes.get("default")).toBe(1);
  });

  it("tells the fleet again at each look, and tells it the latest of two words", async () => {
    const { clock, sizes } = aSizer();
    const [table, queue] = [new MemoryTable(), new MemoryQueue(clock)];
    const held = Promise.withResolvers<void>();
    let calls = 0;
    const fleet: Pick<Fleet, "resize"> = {
      resize: async (pool, count) => {
        calls += 1;
        // The first word takes so long that it comes last.
        if (calls === 1) await held.promise;
        sizes.set(pool, count);
      },
    };
    const [slow, quick] = [1, 2].map(() => new PoolSizer({ table, queue, fleet }, POOLS));
    slow?.note(rung(8));
    const slowly = slow?.grow();
    await eventually(() => Promise.resolve(calls === 1 ? true : undefined));
    quick?.note(rung(40));
    await quick?.grow();
    held.resolve();
    await slowly;
    expect(sizes.get("default")).toBe(5);

    sizes.clear();
    await new PoolSizer({ table, queue, fleet }, POOLS).settle();
    expect(sizes.get("default")).toBe(5);
  });

  it("repeats at the next look what the fleet has refused, and sizes the other pools meanwhile", async () => {
    const { clock, sizes } = aSizer();
    const [table, queue] = [new MemoryTable(), new MemoryQueue(clock)];
    let isRefusing = true;
    const fleet: Pick<Fleet, "resize"> = {
      resize: (pool, count) => {
        if (isRefusing && pool === "default") return Promise.reject(new Error("refused"));
        sizes.set(pool, count);
        return Promise.resolve();
      },
    };
    const sizer = new PoolSizer({ table, queue, fleet }, POOLS);
    sizer.note(rung(8));
    await expect(sizer.grow()).rejects.toThrow("refused");
    await expect(sizer.settle()).rejects.toThrow("refused");
    expect([...sizes]).toEqual([["warm", 2]]);
    isRefusing = false;
    await sizer.settle();
    expect(sizes.get("default")).toBe(1);
  });

  it("keeps the workers that a pool has at least", async () => {
    const { sizer, sizes } = aSizer();
    for (let look = 0; look < 2 * QUIET_LOOKS; look += 1) await sizer().settle();
    expect(sizes.get("warm")).toBe(2);
    expect(await sizer().isAwake()).toBe(true);
  });
});
