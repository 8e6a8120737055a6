import { describe, expect, it } from "vitest";
import { ENGINE_POOL } from "../../../core/fleet/pool-size.ts";

import { type Doorbell, sendDoorbells } from "../../../core/services/send.ts";
import { NAMESPACE, START_MS, World } from "../../support/world.ts";

const IN_MS = 10_000;
const PREFETCH_MS = 1_000;

function doorbell(pool: string): Doorbell {
  const message = { v: 1, namespace: NAMESPACE, job: "a", stamp: "s", dueAtMs: START_MS + IN_MS } as const;
  return { message, pool, priority: "normal" };
}

describe("sendDoorbells()", () => {
  it.each([
    { pool: "default", delayMs: IN_MS - PREFETCH_MS, who: "workers, which wait out the rest themselves," },
    { pool: ENGINE_POOL, delayMs: IN_MS, who: "the engine, which does not," },
  ])("brings messages to $who after $delayMs of 10000 ms", async ({ pool, delayMs }) => {
    const world = new World({ schedulers: 0, workers: 0, knobs: { prefetchMs: PREFETCH_MS } });
    await sendDoorbells(world.core, [doorbell(pool)]);
    const visible = async () => (await world.queue.depth(`${pool}.normal`)).visible;

    await world.clock.advance(delayMs - 1);
    expect(await visible()).toBe(0);
    await world.clock.advance(1);
    expect(await visible()).toBe(1);
  });
});
