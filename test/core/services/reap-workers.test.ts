import { describe, expect, it } from "vitest";
import { reapWorkers } from "../../../core/services/reap-workers.ts";
import type { Fate, WorkerRecord } from "../../../core/worker/worker-record.ts";
import { World } from "../../support/world.ts";

const HOUR_MS = 3_600_000;
const PROCESS = { host: "h", pid: 7 };

/** A world with the record of one worker, and a reaper that knows of certain processes that they are gone. */
async function withRecord(record: Partial<WorkerRecord> = {}, fate: Fate = "unknown") {
  const world = new World({ workers: 0 });
  const core = { ...world.core, fateOf: () => fate };
  const steps: string[] = [];
  const remains = {
    releaseMessages: async () => void steps.push("release"),
    clearAway: async () => void steps.push("clear"),
  };
  const startedAtMs = world.clock.nowMs() - 100 * HOUR_MS;
  const worker: WorkerRecord = {
    id: "w",
    pool: "default",
    state: "ready",
    slots: 1,
    running: [],
    startedAtMs,
    beat: 1,
    process: PROCESS,
    ...record,
  };
  await core.workers.put(worker);
  return { world, core, worker, steps, reap: () => reapWorkers(core, remains) };
}

describe("reapWorkers()", () => {
  it("clears away what a worker left whose process is gone for certain", async () => {
    const { core, steps, reap } = await withRecord({}, "gone");

    expect(await reap()).toEqual(["w"]);

    expect(steps).toEqual(["release", "clear"]);
    expect(await core.workers.find("default", "w")).toMatchObject({ state: "gone" });
  });

  it("takes a worker for gone after a long silence when nothing is known of its process, and leaves the rest alone", async () => {
    const { world, core, steps, reap } = await withRecord();

    expect(await reap()).toEqual([]);
    await world.clock.advance(core.knobs.workerDeadAfterMs - 1);
    expect(await reap()).toEqual([]);
    await world.clock.advance(1);
    expect(await reap()).toEqual(["w"]);

    expect(steps).toEqual([]);
    expect(await core.workers.find("default", "w")).toMatchObject({ state: "gone", goneAtMs: world.clock.nowMs() });
  });

  it("leaves a worker alone whose process lives, however long it has been silent", async () => {
    const { world, core, reap } = await withRecord({}, "alive");
    await reap();
    await world.clock.advance(10 * core.knobs.workerDeadAfterMs);
    expect(await reap()).toEqual([]);
  });

  it("leaves a worker alone whose heart beats", async () => {
    const { world, core, worker, reap } = await withRecord();
    for (let beat = 2; beat < 10; beat += 1) {
      await core.workers.put({ ...worker, beat });
      expect(await reap()).toEqual([]);
      await world.clock.advance(core.knobs.workerDeadAfterMs - 1);
    }
  });

  it.each([
    { who: "that was found gone", record: {} },
    { who: "that has left in order", record: { state: "gone" as const } },
  ])("keeps the record of a worker $who for an hour, however long it had lived", async ({ record }) => {
    const { world, core, reap } = await withRecord(record, "gone");
    const find = () => core.workers.find("default", "w");

    await reap();
    await world.clock.advance(HOUR_MS);
    await reap();
    expect(await find()).toMatchObject({ state: "gone" });
    await world.clock.advance(1);
    await reap();
    expect(await find()).toBeUndefined();
  });
});
