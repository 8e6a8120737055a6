import { describe, expect, it } from "vitest";
import { MINUTE_MS, play, SECOND_MS } from "./stage.ts";

describe("after a long outage", () => {
  it("AWS 2025-10: a plan that is applied late undoes nothing of a newer one", async () => {
    const stage = await play({ servers: 2, hasLeases: false }, async (scene) => {
      await scene.define({ name: "a", schedule: { cron: "*/10 * * * * *" }, overlap: "allow" });
      await scene.runTo(65 * SECOND_MS);
      scene.process("server-1").holdDown(10 * MINUTE_MS);
      scene.process("server-2").holdDown(12 * MINUTE_MS);
      // The first to come back has planned what to give up when it is held up; the second plans anew, and further.
      const write = { site: "table.put", about: "~gap", who: "server-1" };
      const frozen = scene.cue({ ...write, fault: "freezeBefore", forMs: 4 * MINUTE_MS });
      await scene.runTo(14 * MINUTE_MS);
      expect(frozen.given).toBe(1);
      const [newer] = scene.gaps("a");
      expect(newer?.toMs).toBeGreaterThan(scene.kernel.epochMs + 12 * MINUTE_MS);
      expect(scene.bells("a", 11 * MINUTE_MS)).toBe(0);
      await scene.runTo(16 * MINUTE_MS);
      expect(scene.bells("a", 11 * MINUTE_MS)).toBeGreaterThan(0);
      expect(scene.gaps("a")[0]).toEqual(newer);
    });

    expect(stage.violations).toEqual([]);
    expect(stage.effectsOf("a")).toHaveLength(stage.fired("a").length);
  });

  it("AWS 2025-10: what an outage has left is recovered from with bounded work", async () => {
    const jobs = Array.from({ length: 20 }, (_, index) => `job-${index + 1}`);
    const stage = await play({}, async (scene) => {
      for (const name of jobs) await scene.define({ name, schedule: { cron: "*/10 * * * * *" }, overlap: "allow" });
      await scene.runTo(MINUTE_MS);
      for (const process of [...scene.body.schedulers, ...scene.body.workers()]) process.holdDown(60 * MINUTE_MS);
      await scene.runTo(61 * MINUTE_MS - SECOND_MS);
      const [commits, bells] = [scene.commits, scene.sent.length];
      const looks = scene.cue({ site: "table." });
      await scene.runTo(61 * MINUTE_MS + 20 * SECOND_MS);
      // Some 360 slots a job were missed; each costs as much as if it had been a few.
      expect((scene.sent.length - bells) / jobs.length).toBeLessThan(8);
      expect((scene.commits - commits) / jobs.length).toBeLessThan(30);
      expect(looks.matches / jobs.length).toBeLessThan(60);
      await scene.runTo(63 * MINUTE_MS);
    });

    expect(stage.violations).toEqual([]);
    for (const name of jobs) {
      const missed = stage
        .fired(name)
        .filter((atMs) => atMs > 90 * SECOND_MS && atMs < 61 * MINUTE_MS - 10 * SECOND_MS);
      expect(missed.length, name).toBeLessThanOrEqual(1);
      expect(stage.gaps(name).map(({ reason }) => reason)).toEqual(["misfire"]);
    }
  });
});
