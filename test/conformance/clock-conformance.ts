import { describe, expect, it } from "vitest";
import type { Clock } from "../../core/ports/clock.ts";

/** @param open - a clock, and what makes `ms` of its time pass (for one that is driven by hand) */
export function clockConformance(
  name: string,
  open: () => { clock: Clock; pass: (ms: number) => Promise<void> },
): void {
  describe(`${name} clock`, () => {
    it("monotonicMs() never goes back", () => {
      const { clock } = open();
      let lastMs = clock.monotonicMs();
      for (let call = 0; call < 10_000; call++) {
        const nextMs = clock.monotonicMs();
        expect(nextMs).toBeGreaterThanOrEqual(lastMs);
        lastMs = nextMs;
      }
    });

    it("nowMs() and monotonicMs() advance alike while nothing steps the wall clock", async () => {
      const { clock, pass } = open();
      const [wallMs, monotonicMs] = [clock.nowMs(), clock.monotonicMs()];
      await pass(20);
      expect(Math.abs(clock.nowMs() - wallMs - (clock.monotonicMs() - monotonicMs))).toBeLessThan(5);
    });

    it("sleep() is never too short", async () => {
      const { clock, pass } = open();
      const durations = [0.1, 0.5, 0.9, 1, 1.1, 1.999, 2, 7.7];
      const slept = Promise.all(
        durations.map(async (ms) => {
          const startMs = clock.monotonicMs();
          await clock.sleep(ms);
          return clock.monotonicMs() - startMs;
        }),
      );
      await pass(10);
      for (const [index, ms] of (await slept).entries()) expect(ms).toBeGreaterThanOrEqual(durations[index] ?? 0);
    });

    it("sleep() of nothing or less is over at once", async () => {
      const { clock } = open();
      expect(await clock.sleep(0)).toBeUndefined();
      expect(await clock.sleep(-1)).toBeUndefined();
    });

    it("sleep() ends when its signal is aborted, or was before, and never rejects", async () => {
      const { clock } = open();
      const controller = new AbortController();
      const sleeping = clock.sleep(1e12, controller.signal);
      controller.abort();
      await sleeping;
      await clock.sleep(1e12, AbortSignal.abort());
    });
  });
}
