import { describe, expect, it } from "vitest";
import { SilenceObserver } from "../../../core/lease/silence-observer.ts";
import { OblivionObserver } from "../../../core/worker/oblivion-observer.ts";
import { ManualClock } from "../../support/manual-clock.ts";

describe("SilenceObserver", () => {
  it("takes a process for dead after a period of silence on its own clock, whatever the wall clock does", async () => {
    const clock = new ManualClock();
    const observer = new SilenceObserver(clock, 6_000);
    expect(observer.observe("a", 1)).toEqual({ dead: false, inMs: 6_000 });
    clock.stepWall(86_400_000);
    await clock.advance(4_000);
    expect(observer.observe("a", 1)).toEqual({ dead: false, inMs: 2_000 });
    await clock.advance(2_000);

    expect(observer.observe("a", 1)).toEqual({ dead: true });
    expect(observer.observe("a", 2)).toEqual({ dead: false, inMs: 6_000 });
  });

  it("begins anew with one that was forgotten, and keeps processes apart", async () => {
    const clock = new ManualClock();
    const observer = new SilenceObserver(clock, 6_000);
    observer.observe("a", 1);
    observer.observe("b", 1);
    await clock.advance(6_000);
    observer.forget("a");

    expect(observer.observe("a", 1).dead).toBe(false);
    expect(observer.observe("b", 1).dead).toBe(true);
  });
});

describe("OblivionObserver", () => {
  it("is certain only with the second heartbeat after the first that did not tell of the claim", () => {
    const observer = new OblivionObserver();

    expect([5, 5, 6, 7].map((beat) => observer.observe("run#1", { beat, isTold: false }))).toEqual([
      false,
      false,
      false,
      true,
    ]);
  });

  it("begins anew when the worker tells of the claim", () => {
    const observer = new OblivionObserver();
    observer.observe("run#1", { beat: 5, isTold: false });
    observer.observe("run#1", { beat: 6, isTold: true });

    expect(observer.observe("run#1", { beat: 9, isTold: false })).toBe(false);
    expect(observer.observe("run#2", { beat: 11, isTold: false })).toBe(false);
  });
});
