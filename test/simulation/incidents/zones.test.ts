import { describe, expect, it } from "vitest";
import { MINUTE_MS, play, SECOND_MS } from "./stage.ts";

/** For hours in which little happens. */
const CALM = {
  heartbeatMs: 10_000,
  commandPollMs: 10_000,
  pollMs: 10_000,
  leaseMs: 60_000,
  workerDeadAfterMs: 60_000,
  visibilityMs: 40_000,
};

const NEW_YORK = { timezone: "America/New_York" };

describe("schedules in time zones", () => {
  it("Nomad 5410: the hour that comes twice fires a fixed time once, and elapsed time as it elapses", async () => {
    // From 01:00 EDT; at 06:00Z it is 01:00 again, in EST.
    const stage = await play({ begins: "2026-11-01T05:00:00Z", knobs: CALM }, async (scene) => {
      await scene.define({ name: "fixed", schedule: { cron: "30 1 * * *", ...NEW_YORK } });
      await scene.define({ name: "twenty", schedule: { cron: "*/20 * * * *", ...NEW_YORK } });
      await scene.runTo(130 * MINUTE_MS);
    });

    expect(stage.violations).toEqual([]);
    expect(stage.fired("fixed")).toEqual([30 * MINUTE_MS]);
    expect(stage.fired("twenty")).toEqual([20, 40, 60, 80, 100, 120].map((m) => m * MINUTE_MS));
    expect(stage.effects).toHaveLength(7);
  });

  it("Nomad 5410: the hour that does not come fires once behind the gap, and nothing goes round in circles", async () => {
    // From 01:30 EST; at 07:00Z it is 03:00 EDT.
    const stage = await play({ begins: "2026-03-08T06:30:00Z", knobs: CALM }, async (scene) => {
      await scene.define({ name: "fixed", schedule: { cron: "0,15,30,45 2 * * *", ...NEW_YORK } });
      await scene.define({ name: "three", schedule: { cron: "0 3 * * *", ...NEW_YORK } });
      await scene.runTo(80 * MINUTE_MS);
      expect(scene.sent.length).toBeLessThan(5);
    });

    expect(stage.violations).toEqual([]);
    expect(stage.fired("fixed")).toEqual([30 * MINUTE_MS]);
    expect(stage.fired("three")).toEqual([30 * MINUTE_MS]);
    expect(stage.effects).toHaveLength(2);
  });

  it("Nomad 2721: whoever takes over after an election keeps to the job's time zone", async () => {
    const stage = await play({ servers: 2, begins: "2026-06-01T05:55:00Z" }, async (scene) => {
      await scene.define({ name: "two", schedule: { cron: "0 2 * * *", ...NEW_YORK } });
      await scene.define({ name: "six", schedule: { cron: "0 6 * * *", ...NEW_YORK } });
      const former = scene.lease()?.owner ?? "";
      await scene.runTo(5 * MINUTE_MS - 12 * SECOND_MS);
      expect(scene.sent).toEqual([]);
      scene.process(former.slice(0, "server-1".length)).holdDown(5 * MINUTE_MS);
      await scene.until("an election", () => scene.lease()?.owner !== former);
      await scene.runTo(7 * MINUTE_MS);
      expect(scene.lease()).toMatchObject({ epoch: 2 });
    });

    expect(stage.violations).toEqual([]);
    expect(stage.fired("two")).toEqual([5 * MINUTE_MS]);
    expect(stage.runs("six")).toEqual([]);
  });
});
