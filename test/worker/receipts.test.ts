import { describe, expect, it } from "vitest";
import { World } from "../support/world.ts";
import { Receipts } from "../../worker/receipts.ts";

describe("Receipts", () => {
  it("settled() waits for every deletion after some have failed, and each failure is told", async () => {
    const world = new World({ workers: 0, schedulers: 0 });
    const { promise, resolve } = Promise.withResolvers<void>();
    world.queue.delete = (queue) => (queue === "slow" ? promise : Promise.reject(new Error(`no ${queue}`)));
    const errors: string[] = [];
    const receipts = new Receipts(world.core, (error) => errors.push((error as Error).message));
    for (const queue of ["a", "slow", "b"]) receipts.delete(queue, "1");
    let isSettled = false;
    const settled = receipts.settled().then(() => (isSettled = true));
    await world.clock.advance(1_000);
    expect(isSettled).toBe(false);
    resolve();
    await settled;

    expect(errors).toEqual(["no a", "no b"]);
  });
});
