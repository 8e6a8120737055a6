import { describe, expect, it } from "vitest";
import { MINUTE_MS, play, SECOND_MS } from "./stage.ts";

describe("a process that dies between two of its writes", () => {
  it("Quartz 1516: a claim whose owner died before it told of it is taken over", async () => {
    const stage = await play({ workers: 2 }, async (scene) => {
      await scene.define({ name: "a", schedule: { cron: "*/30 * * * * *" }, overlap: "skip" });
      const died = scene.cue({ site: "table.put", about: "run#default#a", who: "worker-1", fault: "dieAfter" });
      await scene.until("a claim whose owner is dead", () => died.given > 0);
      expect(scene.runAt("a", 30 * SECOND_MS)).toMatchObject({ status: "running", worker: { id: "worker-1-1" } });
      const told = scene.simulation.items.dump("pool#default").map(({ body }) => body);
      expect(told).toContainEqual(expect.objectContaining({ id: "worker-1-1", state: "ready", running: [] }));
      await scene.runTo(2 * MINUTE_MS);
    });

    expect(stage.violations).toEqual([]);
    expect(stage.fired("a")).toEqual([30, 60, 90, 120].map((s) => s * SECOND_MS));
    const { attempts = [] } = stage.runAt("a", 30 * SECOND_MS) ?? {};
    expect(attempts.map(({ outcome }) => outcome)).toEqual(["lost", "succeeded"]);
  });

  it("Quartz 1516: a run whose owner died before it let the next one in holds up nobody", async () => {
    const stage = await play({ workers: 2 }, async (scene) => {
      const schedule = { cron: "*/30 * * * * *" };
      await scene.define({ name: "a", schedule, overlap: "queueAll" }, { takesMs: 35 * SECOND_MS });
      const hasEnded = (): boolean => scene.runAt("a", 30 * SECOND_MS)?.status === "succeeded";
      const leave = { site: "table.get", about: "limit#", who: "worker-1", when: hasEnded };
      const died = scene.cue({ ...leave, fault: "dieBefore" });
      await scene.until("an end whose owner is dead", () => died.given > 0);
      // The next one has no message of its own any more, and none is left of the one that has ended.
      expect(scene.runAt("a", MINUTE_MS)).toMatchObject({ status: "queued", waitingFor: "overlap#default/a" });
      scene.simulation.service.purge();
      const [limit] = scene.simulation.items.dump("limit#");
      expect(limit?.body).toMatchObject({ holders: [{ stamp: "20260105T100030.000Z" }] });
      await scene.runTo(2 * MINUTE_MS);
    });

    expect(stage.violations).toEqual([]);
    expect(stage.fired("a")).toEqual([30, 60, 90, 120].map((s) => s * SECOND_MS));
    expect(stage.effectsOf("a")).toHaveLength(4);
  });

  it("XXL-JOB 2593: slots behind the cursor fire although the scheduler died and what it held is gone", async () => {
    const stage = await play({}, async (scene) => {
      await scene.define({ name: "a", schedule: { cron: "*/10 * * * * *" }, overlap: "allow" });
      await scene.runTo(15 * SECOND_MS);
      // It dies when it has put the entry with its new cursor and taken away the one that it came from.
      const removal = { site: "table.batchWrite", about: `${scene.walks("a")[0]?.visitAtMs}#` };
      const died = scene.cue({ ...removal, who: "server-1", fault: "dieAfter" });
      const isDead = (): boolean => died.given > 0 && scene.process("server-1").life === undefined;
      await scene.until("a scheduler that died behind its cursor", isDead);
      expect(scene.simulation.service.purge()).toBeGreaterThan(0);
      const [walk, ...others] = scene.walks("a");
      expect(others).toEqual([]);
      const lost = (walk?.cursorMs ?? 0) - scene.kernel.epochMs;
      expect(lost).toBeGreaterThan(scene.nowMs + 10 * SECOND_MS);
      expect(scene.bells("a", lost)).toBe(1);
      expect(scene.runAt("a", lost)).toBeUndefined();
      await scene.runTo(2 * MINUTE_MS);
    });

    expect(stage.violations).toEqual([]);
    expect(stage.fired("a")).toEqual(Array.from({ length: 12 }, (_, index) => (index + 1) * 10 * SECOND_MS));
    expect(stage.count("metric slots_rung_again")).toBeGreaterThan(0);
  });

  it("DolphinScheduler 13355: runs are failed over although whoever began it died over it", async () => {
    const stage = await play({}, async (scene) => {
      await scene.define({ name: "a", overlap: "allow" }, { takesMs: 40 * SECOND_MS });
      for (let run = 0; run < 3; run += 1) await scene.post("a", "runs");
      await scene.until("three runs", () => scene.effects.length === 3);
      await scene.runFor(3 * SECOND_MS);
      scene.process("worker-1").holdDown(30 * SECOND_MS);
      // No message is left that would bring them back.
      expect(scene.simulation.service.purge()).toBe(3);
      const died = scene.cue({ site: "table.put", about: "worker#worker-1-1", who: "server-1", fault: "dieAfter" });
      await scene.until("a failover that was begun", () => died.given > 0);
      const told = scene.simulation.items.dump("pool#default").map(({ body }) => body);
      expect(told).toMatchObject([{ id: "worker-1-1", state: "gone" }]);
      expect(scene.runs("a").map(({ status }) => status)).toEqual(["running", "running", "running"]);
      await scene.runFor(3 * MINUTE_MS);
    });

    expect(stage.violations).toEqual([]);
    const outcomes = stage.runs("a").map(({ attempts }) => attempts.map(({ outcome }) => outcome));
    expect(outcomes).toEqual(Array.from({ length: 3 }, () => ["lost", "succeeded"]));
  });
});
