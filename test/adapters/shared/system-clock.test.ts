import { setTimeout as delay } from "node:timers/promises";
import { afterEach, describe, expect, it, vi } from "vitest";
import { SystemClock } from "../../../adapters/shared/system-clock.ts";
import { clockConformance } from "../../conformance/clock-conformance.ts";

clockConformance("system", () => ({ clock: new SystemClock(), pass: (ms) => delay(ms) }));

describe("SystemClock", () => {
  afterEach(() => {
    vi.restoreAllMocks();
  });

  it("nowMs() lies within the millisecond that the machine tells", () => {
    const clock = new SystemClock();
    for (let call = 0; call < 10_000; call++) {
      const before = Date.now();
      const nowMs = clock.nowMs();
      expect(nowMs).toBeGreaterThanOrEqual(before);
      expect(nowMs).toBeLessThan(Date.now() + 1);
    }
  });

  it.each([3_600_000, -3_600_000, 0.4, -5])("nowMs() follows a step of the wall clock by %d ms at once", (stepMs) => {
    const clock = new SystemClock();
    const steppedMs = Math.floor(Date.now() + stepMs);
    vi.spyOn(Date, "now").mockReturnValue(steppedMs);

    expect(Math.floor(clock.nowMs())).toBe(steppedMs);
  });

  it("nowMs() finds the fraction of the millisecond from the instants at which it changes", () => {
    const trueMs = { value: 1_772_955_000_000.9 };
    vi.spyOn(Date, "now").mockImplementation(() => Math.floor(trueMs.value));
    vi.spyOn(performance, "now").mockImplementation(() => trueMs.value - 1_772_954_000_000.25);
    const clock = new SystemClock();
    for (let call = 0; call < 1_000; call++) {
      trueMs.value += 0.01;
      clock.nowMs();
    }

    expect(Math.abs(clock.nowMs() - trueMs.value)).toBeLessThan(0.02);
  });

  it("sleep() beyond the 2^31 ms of a timer goes on, timer after timer", async () => {
    vi.useFakeTimers();
    try {
      const woken = vi.fn<() => void>();
      const sleeping = new SystemClock().sleep(2 ** 32).then(woken);

      await vi.advanceTimersByTimeAsync(2 ** 32 - 2);
      expect(woken).not.toHaveBeenCalled();
      await vi.advanceTimersByTimeAsync(3);
      await sleeping;
    } finally {
      vi.useRealTimers();
    }
  });
});
