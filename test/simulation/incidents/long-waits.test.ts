import { describe, expect, it } from "vitest";
import { MAX_DELAY_MS } from "../../../core/ports/queue.ts";
import { MINUTE_MS, play } from "./stage.ts";

describe("a run that is due long after it was asked for", () => {
  it("Celery 4766: it waits in the table, and what is delivered early begins nothing, however often", async () => {
    const dueMs = 40 * MINUTE_MS;
    const stage = await play({ body: "cloud" }, async (scene) => {
      await scene.define({ name: "a" });
      const at = new Date(scene.kernel.epochMs + dueMs).toISOString();
      await scene.post("a", "runs", { at });
      const [run] = scene.runs("a");
      expect(dueMs).toBeGreaterThan(2 * MAX_DELAY_MS);
      await scene.runTo(4 * MINUTE_MS);
      expect(scene.sent).toEqual([]);
      // A message that is far too early and says that it is not: it comes back each time that its visibility ends.
      const early = JSON.stringify({ v: 1, namespace: "default", job: "a", stamp: run?.stamp, dueAtMs: 0 });
      scene.simulation.service.send("default.normal", { body: early, group: "default", delayMs: 0 });
      const hidden = scene.cue({ site: "queue.extend", who: "task-" });
      await scene.runTo(dueMs - MINUTE_MS);
      expect(scene.runs("a")).toEqual([run]);
      expect(hidden.matches).toBeGreaterThan(1);
      await scene.runTo(dueMs + 5 * MINUTE_MS);
    });

    expect(stage.violations).toEqual([]);
    expect(stage.runs("a")).toMatchObject([{ status: "succeeded", attempt: 1 }]);
    expect(stage.effects).toHaveLength(1);
    expect(stage.effects[0]?.beganMs).toBeGreaterThanOrEqual(dueMs);
    const bells = stage.sent.slice(1);
    expect(bells.length).toBeGreaterThan(0);
    for (const { atMs, delayMs } of bells) {
      expect(delayMs).toBeLessThanOrEqual(MAX_DELAY_MS);
      expect(atMs).toBeGreaterThan(dueMs - MAX_DELAY_MS);
    }
  });
});
