import { describe, expect, it } from "vitest";
import { play, SECOND_MS, type Stage } from "./stage.ts";

describe("a worker that is thought to be dead", () => {
  it("DolphinScheduler 17342: a failover that comes late fails over nothing twice", async () => {
    const stage = await play({ servers: 2, workers: 2 }, async (scene) => {
      const { worker } = await begin(scene, 40 * SECOND_MS);
      // Both servers find the worker dead; one has read what it was doing when it is held up.
      const read = { site: "table.batchGet", about: "run#default#a", who: "server-2" };
      const frozen = scene.cue({ ...read, fault: "freezeAfter", forMs: 30 * SECOND_MS });
      worker.holdDown(90 * SECOND_MS);
      await scene.until("the second failover", () => frozen.given > 0);
      const late = scene.cue({ site: "table.put", about: "run#default#a", who: "server-2" });
      await scene.until("a second attempt", () => scene.runs("a")[0]?.attempt === 2);
      expect(late.matches).toBe(0);
      await scene.until("a late failover", () => late.matches > 0);
      await scene.runFor(SECOND_MS);
      expect(scene.runs("a")).toMatchObject([{ status: "running", attempt: 2 }]);
      await scene.runFor(60 * SECOND_MS);
    });

    expect(stage.violations).toEqual([]);
    expect(outcomesOf(stage)).toEqual([["lost", "succeeded"]]);
    expect(stage.effectsOf("a")).toHaveLength(2);
  });

  it("Airflow 10790: what an executor tells late changes nothing of the newer attempt", async () => {
    const stage = await play({ workers: 2 }, async (scene) => {
      const { worker, id } = await begin(scene, 40 * SECOND_MS);
      worker.life?.freeze(45 * SECOND_MS - scene.nowMs);
      await scene.until("a second attempt", () => scene.runs("a")[0]?.attempt === 2);
      const [before] = scene.runs("a");
      expect(before?.worker?.id).not.toBe(id);
      const told = scene.cue({ site: "table.put", about: "run#default#a", who: id });
      await scene.until("a late event", () => told.matches > 0);
      await scene.runFor(SECOND_MS);
      expect(scene.effects[0]).toMatchObject({ attempt: 1, outcome: "succeeded" });
      expect(scene.runs("a")).toEqual([before]);
      expect(scene.count("metric results_fenced")).toBe(1);
      await scene.runFor(30 * SECOND_MS);
    });

    expect(stage.violations).toEqual([]);
    expect(stage.runs("a")).toMatchObject([{ status: "succeeded", result: { attempt: 2 } }]);
    expect(outcomesOf(stage)).toEqual([["lost", "succeeded"]]);
  });

  it("Bull 308: a worker whose loop was blocked for long finishes in vain", async () => {
    const stage = await play({ workers: 2 }, async (scene) => {
      const { worker, id } = await begin(scene, 20 * SECOND_MS);
      worker.life?.freeze(60 * SECOND_MS);
      const told = scene.cue({ site: "table.put", about: "run#default#a", who: id });
      await scene.until("the end of the second attempt", () => scene.runs("a")[0]?.status === "succeeded");
      const done = scene.runs("a");
      expect(done).toMatchObject([{ attempt: 2, result: { attempt: 2 } }]);
      expect(told.matches).toBe(0);
      await scene.until("the end of the first attempt", () => told.matches > 0);
      await scene.runFor(SECOND_MS);
      expect(scene.effects[0]).toMatchObject({ attempt: 1, outcome: "succeeded" });
      expect(scene.runs("a")).toEqual(done);
      expect(scene.count("metric results_fenced")).toBe(1);
    });

    expect(stage.violations).toEqual([]);
    expect(outcomesOf(stage)).toEqual([["lost", "succeeded"]]);
  });
});

/** A run that has begun, and the worker that has it. */
async function begin(scene: Stage, takesMs: number) {
  await scene.define({ name: "a" }, { takesMs });
  await scene.post("a", "runs");
  await scene.until("an attempt", () => scene.effects.length > 0);
  // Its heartbeat has told of the run.
  await scene.runFor(2 * SECOND_MS);
  const id = scene.runs("a")[0]?.worker?.id ?? "";
  return { id, worker: scene.process(id.slice(0, "worker-1".length)) };
}

function outcomesOf(stage: Stage): readonly (readonly string[])[] {
  return stage.runs("a").map(({ attempts }) => attempts.map(({ outcome }) => outcome));
}
