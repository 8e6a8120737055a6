import { describe, expect, it } from "vitest";
import { ManualClock } from "./manual-clock.ts";

describe("ManualClock", () => {
  it("stands still until it is advanced, and then moves both times", async () => {
    const clock = new ManualClock(1_000);

    expect([clock.nowMs(), clock.monotonicMs()]).toEqual([1_000, 0]);
    await clock.advance(250);

    expect([clock.nowMs(), clock.monotonicMs()]).toEqual([1_250, 250]);
  });

  it("wakes sleepers in the order of their instants, each at its instant", async () => {
    const clock = new ManualClock(0);
    const woken: string[] = [];
    const sleep = (name: string, ms: number) => clock.sleep(ms).then(() => woken.push(`${name} at ${clock.nowMs()}`));
    void sleep("last", 300);
    void sleep("first", 100);
    void sleep("also first", 100);
    void sleep("never", 301);

    await clock.advance(300);

    expect(woken).toEqual(["first at 100", "also first at 100", "last at 300"]);
    expect(clock.sleeping).toBe(1);
  });

  it("wakes those that fall asleep again on the way", async () => {
    const clock = new ManualClock(0);
    const ticks: number[] = [];
    void (async () => {
      while (ticks.length < 10) {
        await clock.sleep(10);
        ticks.push(clock.nowMs());
      }
    })();

    await clock.advance(35);

    expect(ticks).toEqual([10, 20, 30]);
  });

  it("ends a sleep whose signal is aborted", async () => {
    const clock = new ManualClock();
    const controller = new AbortController();
    const sleeping = clock.sleep(100, controller.signal);
    controller.abort();

    await sleeping;
    await clock.sleep(100, controller.signal);

    expect(clock.sleeping).toBe(0);
  });

  it("steps the wall clock without waking anyone", () => {
    const clock = new ManualClock(0);
    void clock.sleep(100);

    clock.stepWall(-5_000);

    expect([clock.nowMs(), clock.monotonicMs(), clock.sleeping]).toEqual([-5_000, 0, 1]);
  });
});
