import { describe, expect, it } from "vitest";
import { MINUTE_MS, play, SECOND_MS, type Stage } from "./stage.ts";

/**
 * A scheduler is held up in the middle of a visit until another has long taken over; then it puts down where it goes on,
 * and there are two walks of one job. The one that is behind takes for missed what the other has rung for in time, and says so in the ledger.
 */
function playStaleWalk(): Promise<Stage> {
  return play({ servers: 2 }, async (scene) => {
    await scene.define({ name: "a", schedule: { cron: "*/2 * * * * *" }, overlap: "allow" });
    await scene.runTo(MINUTE_MS);
    const first = scene.lease()?.owner ?? "";
    const read = { site: "table.get", about: "job#a", who: first };
    const frozen = scene.cue({ ...read, fault: "freezeAfter", forMs: 85 * SECOND_MS });
    // What the new owner rings for shortly before that is lost.
    const isLast = (): boolean => scene.nowMs > 118 * SECOND_MS && scene.nowMs < 141 * SECOND_MS;
    const lost = scene.cue({ site: "queue.send", when: isLast, fault: "lost" });
    await scene.runTo(144 * SECOND_MS);
    expect([frozen.given, lost.given]).toEqual([1, 1]);
    expect(scene.walks("a")).toHaveLength(1);
    await scene.until("a second walk", () => scene.walks("a").length > 1);
    await scene.runTo(4 * MINUTE_MS);
  });
}

const SLOTS = Array.from({ length: 120 }, (_, index) => (index + 1) * 2 * SECOND_MS);

describe("AWS 2025-10: a walk that is left over from a former owner", () => {
  it("leaves no slot without an account", async () => {
    const stage = await playStaleWalk();

    expect(stage.violations).toEqual([]);
    const isCovered = (slotMs: number): boolean =>
      stage.gaps("a").some(({ fromMs, toMs }) => {
        const atMs = slotMs + stage.kernel.epochMs;
        return fromMs <= atMs && atMs <= toMs;
      });
    expect(SLOTS.filter((atMs) => stage.runAt("a", atMs) === undefined && !isCovered(atMs))).toEqual([]);
  });

  it("gives up no slot that the new owner has dispatched in time", async () => {
    const { fired } = await playStaleWalk().then((stage) => ({ fired: new Set(stage.fired("a")) }));

    expect(SLOTS.slice(0, -1).filter((atMs) => !fired.has(atMs))).toEqual([]);
  });
});
