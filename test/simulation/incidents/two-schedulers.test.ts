import { describe, expect, it } from "vitest";
import { hasEnded } from "../check/rows.ts";
import { MINUTE_MS, play, SECOND_MS } from "./stage.ts";

describe("two schedulers that act upon the same job", () => {
  it("Quartz 107: two schedulers that saw the same entry fire its slot once", async () => {
    const stage = await play({ servers: 2, workers: 2, hasLeases: false }, async (scene) => {
      await scene.define({ name: "a", schedule: { cron: "*/30 * * * * *" }, overlap: "allow" });
      // One has read the entry and the job; before it acts the other has fired the slot, and the next ones.
      const seen = { site: "table.get", about: "job#a", who: "server-1" };
      const frozen = scene.cue({ ...seen, fault: "freezeAfter", forMs: 70 * SECOND_MS });
      await scene.runTo(119 * SECOND_MS);
      expect(frozen.given).toBe(1);
      expect(scene.runAt("a", MINUTE_MS)?.status).toBe("succeeded");
      const bells = scene.bells("a", MINUTE_MS);
      await scene.runTo(3 * MINUTE_MS);
      expect(scene.bells("a", MINUTE_MS)).toBe(bells + 1);
    });

    expect(stage.violations).toEqual([]);
    expect(stage.fired("a")).toEqual([30, 60, 90, 120, 150, 180].map((s) => s * SECOND_MS));
    expect(stage.effectsOf("a")).toHaveLength(6);
  });

  it("PowerJob 661: who acts on reads that have grown five minutes old makes no second run", async () => {
    const stage = await play({ servers: 2, workers: 2, hasLeases: false }, async (scene) => {
      await scene.define({ name: "a", schedule: { cron: "*/10 * * * * *" }, overlap: "allow" });
      await scene.runTo(MINUTE_MS);
      const old = { site: "table.get", about: "job#a", fault: "freezeAfter", forMs: 5 * MINUTE_MS } as const;
      const scheduler = scene.cue({ ...old, who: "server-1" });
      const worker = scene.cue({ ...old, who: "worker-1" });
      const claims = scene.cue({ site: "table.put", about: "run#default#a", who: "worker-1" });
      await scene.runTo(5 * MINUTE_MS);
      expect([scheduler.given, worker.given, claims.matches]).toEqual([1, 1, 0]);
      const bells = scene.sent.length;
      await scene.until("a late claim", () => claims.matches > 0);
      await scene.runTo(7 * MINUTE_MS);
      expect(scene.sent.length - bells).toBeGreaterThan(12);
    });

    expect(stage.violations).toEqual([]);
    const slots = Array.from({ length: 42 }, (_, index) => (index + 1) * 10 * SECOND_MS);
    expect(stage.runs("a").map(({ slotAtMs }) => slotAtMs - stage.kernel.epochMs)).toEqual(slots);
    expect(stage.effectsOf("a")).toHaveLength(42);
  });

  it("PowerJob 260: an owner that goes on after the hand-over takes nothing back", async () => {
    const stage = await play({ servers: 2 }, async (scene) => {
      await scene.define({ name: "a", schedule: { at: "2026-01-05T10:01:00Z" }, misfire: { policy: "none" } });
      const first = scene.lease()?.owner ?? "";
      // The claim is on its way so long that the owner finds the slot without a row, and too late to fire.
      const claim = { site: "table.put", about: "run#default#a", who: "worker-1" };
      const slow = scene.cue({ ...claim, fault: "slow", forMs: 16 * SECOND_MS });
      const look = { site: "table.query", about: "run#default#a", who: first };
      const frozen = scene.cue({ ...look, fault: "freezeAfter", forMs: MINUTE_MS });
      const closings = scene.cue({ site: "table.put", about: "run#default#a", who: first });
      await scene.runTo(2 * MINUTE_MS);
      expect([slow.given, frozen.given, closings.matches]).toEqual([1, 1, 0]);
      expect(scene.lease()).toMatchObject({ epoch: 2 });
      expect(scene.lease()?.owner).not.toBe(first);
      expect(scene.runAt("a", MINUTE_MS)?.status).toBe("succeeded");
      await scene.until("a write of the former owner", () => closings.matches > 0);
      await scene.runFor(SECOND_MS);
    });

    expect(stage.violations).toEqual([]);
    expect(stage.runs("a").map(({ status }) => status)).toEqual(["succeeded"]);
    expect(stage.gaps("a")).toEqual([]);
  });

  it("DolphinScheduler 16759: an old master that still works adds no second link to a chain", async () => {
    const stage = await play({ servers: 2 }, async (scene) => {
      await scene.define({ name: "a", schedule: { afterEnd: "5s" } }, { takesMs: 14_950 });
      const first = scene.lease()?.owner ?? "";
      const hasLink = (): boolean => scene.runs("a").some(hasEnded);
      const look = { site: "table.query", about: "run#default#a", who: first, when: hasLink };
      const frozen = scene.cue({ ...look, fault: "freezeAfter", forMs: 50 * SECOND_MS });
      await scene.until("the old master has seen the end of a link", () => frozen.given > 0);
      const ended = scene.runs("a").filter(hasEnded);
      const links = (): number => scene.runs("a").length;
      await scene.runFor(49 * SECOND_MS);
      expect(scene.lease()).toMatchObject({ epoch: 2 });
      expect(scene.lease()?.owner).not.toBe(first);
      expect(links()).toBeGreaterThan(ended.length + 1);
      await scene.runFor(2 * MINUTE_MS);
    });

    expect(stage.violations).toEqual([]);
    const runs = stage.runs("a");
    expect(runs.length).toBeGreaterThan(7);
    const delays = runs.slice(1).map(({ slotAtMs }, index) => slotAtMs - Math.ceil(runs[index]?.endedAtMs ?? 0));
    expect(new Set(delays)).toEqual(new Set([5_000]));
  });
});
