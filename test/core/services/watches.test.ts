import { describe, expect, it } from "vitest";
import { stampOf } from "../../../core/run/run-id.ts";
import { decodeMessage } from "../../../core/run/message.ts";
import { pauseJob } from "../../../core/services/pause-job.ts";
import { NAMESPACE, START_MS, World } from "../../support/world.ts";

describe("the watches of a paused job", () => {
  it("do not grow in number while one run is open behind a slot without a row", async () => {
    const world = new World({ slots: 100 });
    world.behave = () => ({ takesMs: 20 * 3_600_000, result: { kind: "succeeded" } });
    const lost = stampOf(START_MS + 60_000);
    world.queue.fate = ({ body }) => (decodeMessage(body)?.stamp === lost ? "lose" : "keep");
    await world.define({ name: "a", schedule: { cron: "* * * * *" }, overlap: "allow", timeouts: { run: "24h" } });
    await world.advance(121_000);
    await pauseJob(world.core, NAMESPACE, "a", {});
    await world.advance(120_000);
    expect(world.runs("a").map(({ status }) => status)).toEqual(["running"]);
    const watches = countWatches(world);
    // Steps that are no divisor of any delay, so that visits drift apart.
    await world.advance(3_600_000, { stepMs: 997 });

    expect(countWatches(world)).toBeLessThanOrEqual(Math.max(watches, 1));
    expect(world.runs("a")).toHaveLength(1);
  });
});

function countWatches(world: World): number {
  return world.due().filter(({ kind }) => kind === "runs").length;
}
