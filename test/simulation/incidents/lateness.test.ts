import { describe, expect, it } from "vitest";
import { MINUTE_MS, play, SECOND_MS } from "./stage.ts";

const DAY_MS = 24 * 60 * MINUTE_MS;

describe("slots whose time is over", () => {
  it("XXL-JOB 1693: a store that is slow for minutes does not drop a daily slot as too late", async () => {
    const stage = await play({ begins: "2026-01-05T11:55:00Z" }, async (scene) => {
      await scene.define({ name: "daily", schedule: { cron: "0 12 * * *" } });
      await scene.define({ name: "often", schedule: { cron: "*/30 * * * * *" } });
      const isSlow = (): boolean => scene.nowMs > 4.5 * MINUTE_MS && scene.nowMs < 6.5 * MINUTE_MS;
      const slow = scene.cue({ site: "table.", isEach: true, when: isSlow, fault: "slow", forMs: 3 * SECOND_MS });
      await scene.runTo(9 * MINUTE_MS);
      expect(slow.given).toBeGreaterThan(20);
    });

    expect(stage.violations).toEqual([]);
    const bell = stage.sent.find(({ body }) => body.includes('"job":"daily"'));
    expect(bell?.atMs).toBeGreaterThan(5 * MINUTE_MS + stage.simulation.knobs.misfireAfterMs);
    expect(stage.runs("daily")).toMatchObject([{ status: "succeeded" }]);
    expect(stage.fired("daily")).toEqual([5 * MINUTE_MS]);
  });

  it("Dkron 1210: after every election the walk goes on from its cursor, not from now", async () => {
    const stage = await play({}, async (scene) => {
      await scene.define({
        name: "a",
        schedule: { cron: "*/10 * * * * *" },
        overlap: "allow",
        misfire: { policy: "all" },
      });
      for (const election of [1, 2, 3]) {
        await scene.runTo(election * MINUTE_MS + 5 * SECOND_MS);
        scene.process("server-1").holdDown(45 * SECOND_MS);
        const { cursorMs = 0 } = scene.walks("a")[0] ?? {};
        await scene.runFor(44 * SECOND_MS);
        // Slots have come and gone of which nobody has taken notice.
        expect(scene.walks("a")[0]?.cursorMs).toBe(cursorMs);
        expect(cursorMs).toBeLessThan(scene.kernel.trueMs - scene.simulation.knobs.misfireAfterMs);
      }
      await scene.runTo(5 * MINUTE_MS);
    });

    expect(stage.violations).toEqual([]);
    expect(stage.fired("a")).toEqual(Array.from({ length: 30 }, (_, index) => (index + 1) * 10 * SECOND_MS));
  });

  it("Kubernetes 42649: a job that missed more than a hundred slots goes on at once, at no greater cost", async () => {
    const stage = await play({}, async (scene) => {
      await scene.define({ name: "a", schedule: { every: "1s" }, overlap: "allow" });
      await scene.runTo(10 * SECOND_MS);
      scene.process("server-1").holdDown(4 * MINUTE_MS);
      await scene.runTo(249 * SECOND_MS);
      const [commits, bells] = [scene.commits, scene.sent.length];
      await scene.runTo(270 * SECOND_MS);
      expect(scene.fired("a").at(-1)).toBeGreaterThanOrEqual(269 * SECOND_MS);
      expect(scene.sent.length - bells).toBeLessThan(70);
      expect(scene.commits - commits).toBeLessThan(400);
    });

    expect(stage.violations).toEqual([]);
    const [gap, ...others] = stage.gaps("a");
    expect(others).toEqual([]);
    expect(gap?.reason).toBe("misfire");
    expect((gap?.toMs ?? 0) - (gap?.fromMs ?? 0)).toBeGreaterThan(101 * SECOND_MS);
    // The newest of the missed ones is caught up on, and all that came after it.
    const firstMs = (gap?.toMs ?? 0) + 1 - stage.kernel.epochMs;
    const after = stage.fired("a").filter((atMs) => atMs >= firstMs);
    expect(after.slice(0, 20)).toEqual(Array.from({ length: 20 }, (_, index) => firstMs + index * SECOND_MS));
  });

  it("Kubernetes 45825: a job that was suspended for half a year fires again", async () => {
    const stage = await play({ longestMs: 190 * DAY_MS }, async (scene) => {
      await scene.define({ name: "a", schedule: { cron: "* * * * *" } });
      await scene.runTo(2.5 * MINUTE_MS);
      await scene.post("a", "pause");
      // Nobody is at work meanwhile, so that half a year passes at once.
      for (const process of [...scene.body.schedulers, ...scene.body.workers()]) process.holdDown(180 * DAY_MS);
      await scene.runTo(180 * DAY_MS + 3 * MINUTE_MS);
      expect(scene.fired("a")).toEqual([1, 2].map((m) => m * MINUTE_MS));
      const { commits } = scene;
      await scene.post("a", "resume", { missed: "last" });
      await scene.runFor(2 * MINUTE_MS);
      expect(scene.commits - commits).toBeLessThan(300);
    });

    expect(stage.violations).toEqual([]);
    const resumedMs = 180 * DAY_MS;
    expect(stage.fired("a").slice(2)).toEqual([3, 4, 5].map((m) => resumedMs + m * MINUTE_MS));
    expect(stage.gaps("a")).toMatchObject([
      { reason: "paused", toMs: stage.kernel.epochMs + resumedMs + 3 * MINUTE_MS - 1 },
    ]);
  });
});
