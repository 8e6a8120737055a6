import { describe, expect, it } from "vitest";
import { QUIET_LOOKS } from "../../../core/fleet/pool-size.ts";
import type { Fleet } from "../../../core/ports/fleet.ts";
import { PoolSizer, type Pools } from "../../../core/services/pool-sizer.ts";
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
    expect(await sizer().settle({ all: false })).toBe(true);
    expect(sizes.get("default")).toBe(4);
  });

  it("keeps a worker while a message is on its way, and none after a time of quiet", async () => {
    const { sizer, sizes, send, clock, queue } = aSizer({ default: { slots: 8, minTasks: 0, maxTasks: 10 } });
    const one = sizer();
    one.note(rung(1));
    await one.grow();
    await send(1, 300_000);
    for (let look = 0; look < 2 * QUIET_LOOKS; look += 1) await sizer().settle({ all: false });
    expect(sizes.get("default")).toBe(1);

    await clock.advance(300_000);
    const received = await queue.receive("default.normal", { max: 10, waitMs: 0, visibilityMs: 60_000 });
    await queue.delete(
      "default.normal",
      received.map(({ receipt }) => receipt),
    );
    const asleepAfter = [];
    for (let look = 0; look < QUIET_LOOKS; look += 1) asleepAfter.push(await sizer().settle({ all: false }));
    expect(asleepAfter).toEqual([true, true, true, true, false]);
    expect(sizes.get("default")).toBe(0);
  });

  it("looks at a pool a few times more after it fell asleep, then only when all are looked at", async () => {
    const { sizer, sizes, send } = aSizer();
    const one = sizer();
    one.note(rung(1));
    await one.grow();
    for (let look = 0; look < QUIET_LOOKS; look += 1) await sizer().settle({ all: false });
    // Sent by someone who still took it for awake.
    await send(1);
    await sizer().settle({ all: false });
    expect(sizes.get("default")).toBe(1);

    const lonely = aSizer();
    await lonely.send(1);
    await lonely.sizer().settle({ all: false });
    expect(lonely.sizes.has("default")).toBe(false);
    await lonely.sizer().settle({ all: true });
    expect(lonely.sizes.get("default")).toBe(1);
  });

  it("keeps the workers that a pool has at least", async () => {
    const { sizer, sizes } = aSizer();
    for (let look = 0; look < 2 * QUIET_LOOKS; look += 1) await sizer().settle({ all: true });
    expect(sizes.get("warm")).toBe(2);
    expect(await sizer().isAwake()).toBe(true);
  });
});
