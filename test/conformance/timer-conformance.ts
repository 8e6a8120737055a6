import { describe, expect, it } from "vitest";
import { type Pace, SAFETY_PERIOD_MS, STEADY_PERIOD_MS, type Timer } from "../../core/ports/timer.ts";

/** @param open - a timer, and the periods at which it wakes the scheduler now, shortest first */
export function timerConformance(
  name: string,
  open: () => Promise<{ timer: Timer; periodsMs: () => Promise<readonly number[]> }>,
): void {
  describe(`${name} timer`, () => {
    it("setPace() wakes each minute when steady, each quarter of an hour when slow, and never when stopped", async () => {
      const { timer, periodsMs } = await open();
      await timer.setPace("slow");
      expect(await periodsMs()).toEqual([SAFETY_PERIOD_MS]);
      await timer.setPace("steady");
      expect((await periodsMs())[0]).toBe(STEADY_PERIOD_MS);
      await timer.setPace("stopped");
      expect(await periodsMs()).toEqual([]);
    });

    it("setPace() leads from each pace to each other", async () => {
      const { timer, periodsMs } = await open();
      const paces: readonly Pace[] = ["steady", "slow", "stopped"];
      for (const [from, to] of paces.flatMap((from) => paces.map((to) => [from, to] as const))) {
        await timer.setPace(from);
        await timer.setPace(to);
        expect((await periodsMs())[0], `${from} to ${to}`).toBe(SHORTEST_MS[to]);
      }
    });

    it("setPace() keeps the last of several calls at the same time", async () => {
      const { timer, periodsMs } = await open();
      await Promise.all([timer.setPace("slow"), timer.setPace("stopped"), timer.setPace("steady")]);
      expect((await periodsMs())[0]).toBe(STEADY_PERIOD_MS);
    });
  });
}

const SHORTEST_MS: Record<Pace, number | undefined> = {
  steady: STEADY_PERIOD_MS,
  slow: SAFETY_PERIOD_MS,
  stopped: undefined,
};
