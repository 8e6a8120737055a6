import { afterEach, describe, expect, it, vi } from "vitest";
import { SystemClock } from "../../../adapters/embedded/system-clock.ts";

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

  it("monotonicMs() never goes back", () => {
    const clock = new SystemClock();
    let lastMs = clock.monotonicMs();
    for (let call = 0; call < 10_000; call++) {
      const nextMs = clock.monotonicMs();
      expect(nextMs).toBeGreaterThanOrEqual(lastMs);
      lastMs = nextMs;
    }
  });

  it("sleep() is never too short", async () => {
    const clock = new SystemClock();
    const durations = [0.1, 0.5, 0.9, 1, 1.1, 1.5, 1.999, 2, 3.3, 7.7];

    const slept = await Promise.all(
      durations.map(async (ms) => {
        const startMs = performance.now();
        await clock.sleep(ms);
        return performance.now() - startMs;
      }),
    );

    for (const [index, ms] of durations.entries()) expect(slept[index]).toBeGreaterThanOrEqual(ms);
  });

  it.each([0, -1])("sleep(%d) is over at once", async (ms) => {
    expect(await new SystemClock().sleep(ms)).toBeUndefined();
  });

  it("sleep() is over at once when its signal was aborted before, or as soon as it is", async () => {
    const clock = new SystemClock();
    const controller = new AbortController();
    const sleeping = clock.sleep(1e12, controller.signal);
    controller.abort();

    await sleeping;
    await clock.sleep(1e12, AbortSignal.abort());
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
