import { afterEach, describe, expect, it } from "vitest";
import { cancelRun } from "../../core/services/cancel-run.ts";
import type { Core } from "../../core/services/core.ts";
import { OK } from "../support/fake-executor.ts";
import { advance, aWorker, endStages, takeAway, theRun, trigger } from "./stage.ts";

afterEach(endStages);

describe("a worker whose heartbeat can't be written", () => {
  it("stops an attempt that runs too long while a heartbeat hangs", async () => {
    const { world, core, executor } = await aWorker({}, { timeouts: { run: "5s" } });
    await trigger(world, [{}]);
    await world.clock.advance(500);
    const heal = hang(core);
    await world.clock.advance(6_000);
    heal();

    expect(executor.attempts[0]?.stopped()?.kind).toBe("timeout");
  });

  it.each(["hangs", "fails"])("keeps its messages, and obeys, while it %s", async (what) => {
    const { world, core, executor, faults } = await aWorker();
    await trigger(world, [{}]);
    await world.clock.advance(500);
    const heal = what === "hangs" ? hang(core) : () => undefined;
    faults.plan = (_, name) => (name === "table.put" ? "unavailable" : undefined);
    await world.clock.advance(world.knobs.visibilityMs * 2);
    expect(await world.queue.depth("default.normal")).toMatchObject({ visible: 0, inFlight: 1 });
    await cancelRun(world.core, theRun(world), { by: "ann", graceMs: 77 });
    await world.clock.advance(1_500);
    heal();

    expect(executor.attempts[0]?.stopped()).toEqual({ kind: "cancel", graceMs: 77 });
  });
});

describe("a worker that was silent", () => {
  it("stops an attempt that was taken over while its heartbeat hung", async () => {
    const { world, core, executor } = await aWorker();
    await trigger(world, [{}]);
    await world.clock.advance(500);
    const heal = hang(core);
    await world.clock.advance(world.knobs.workerDeadAfterMs);
    await takeAway(world);
    await world.clock.advance(2_000);
    heal();

    expect(executor.attempts[0]?.stopped()).toEqual({ kind: "fenced", graceMs: 0 });
    expect(theRun(world)).toMatchObject({ status: "running", worker: { id: "other" } });
  });

  it("stops also an attempt that is taken over when its heartbeat has just come back", async () => {
    const { world, executor, faults } = await aWorker();
    await trigger(world, [{}]);
    await world.clock.advance(500);
    faults.plan = (_, name) => (name === "table.put" ? "unavailable" : undefined);
    await world.clock.advance(world.knobs.workerDeadAfterMs + 1_000);
    faults.plan = () => undefined;
    await world.clock.advance(2_000);
    expect(executor.attempts[0]?.stopped()).toBeUndefined();
    await takeAway(world);
    await world.clock.advance(1_000);

    expect(executor.attempts[0]?.stopped()?.kind).toBe("fenced");
  });

  it("looks until the store has answered", async () => {
    const { world, executor, faults } = await aWorker();
    await trigger(world, [{}]);
    await world.clock.advance(500);
    faults.plan = (_, name) => (name === "table.put" || name === "table.batchGet" ? "unavailable" : undefined);
    await world.clock.advance(world.knobs.workerDeadAfterMs + 1_000);
    await takeAway(world);
    faults.plan = (_, name) => (name === "table.batchGet" ? "unavailable" : undefined);
    await world.clock.advance(world.knobs.workerDeadAfterMs * 3);
    expect(executor.attempts[0]?.stopped()).toBeUndefined();
    faults.plan = () => undefined;
    await world.clock.advance(1_000);

    expect(executor.attempts[0]?.stopped()?.kind).toBe("fenced");
  });

  it("lets the attempts go on that are still its own, however many", async () => {
    const count = 120;
    const { world, executor, faults } = await aWorker({ slots: count });
    await trigger(
      world,
      Array.from({ length: count }, () => ({})),
    );
    await world.clock.advance(1_500);
    expect(executor.attempts).toHaveLength(count);
    const last = executor.attempts.at(-1);
    await takeAway(
      world,
      world.runs("a").find(({ stamp }) => last?.task.runId.endsWith(stamp) === true),
    );
    faults.plan = (_, name) => (name === "table.put" ? "unavailable" : undefined);
    await world.clock.advance(world.knobs.workerDeadAfterMs + 2_000);
    faults.plan = () => undefined;

    expect(executor.attempts.filter((attempt) => attempt.stopped() !== undefined)).toEqual([last]);
  });

  it("reads no runs while it is heard", async () => {
    const { world, executor, faults } = await aWorker();
    await trigger(world, [{}]);
    const reads: string[] = [];
    faults.plan = (_, name) => {
      if (name === "table.batchGet") reads.push(name);
      return undefined;
    };
    await advance(world, 30_000);

    expect(executor.attempts).toHaveLength(1);
    expect(reads).toEqual([]);
  });
});

describe("a worker whose attempts report", () => {
  it("stores what many report at the same time, and says meanwhile that it lives", async () => {
    const count = 40;
    const { world, core, executor } = await aWorker({ slots: count });
    await trigger(
      world,
      Array.from({ length: count }, () => ({})),
    );
    await world.clock.advance(1_500);
    const find = core.runs.find.bind(core.runs);
    core.runs.find = async (key) => {
      await world.clock.sleep(300);
      return find(key);
    };
    for (const { io } of executor.attempts) io.progress("half");
    const before = await beatOf(world.core);
    await world.clock.advance(3_000);

    expect(world.runs("a").map(({ progress }) => progress)).toEqual(Array(count).fill("half"));
    expect(await beatOf(world.core)).toBe(before + 3);
  });

  it("ends with what was reported last, though an earlier report is still on its way", async () => {
    const { world, core, executor } = await aWorker();
    await trigger(world, [{}]);
    await world.clock.advance(500);
    const put = core.runs.put.bind(core.runs);
    core.runs.put = async (run, expect, options) => {
      if (run.status === "succeeded") await world.clock.sleep(2_000);
      else if (run.progress === "first") await world.clock.sleep(500);
      return put(run, expect, options);
    };
    executor.attempts[0]?.io.progress("first");
    await world.clock.advance(600);
    executor.attempts[0]?.io.progress("last");
    executor.attempts[0]?.end(OK);
    await world.clock.advance(10_000);

    expect(theRun(world)).toMatchObject({ status: "succeeded", progress: "last" });
  });
});

/** From now on heartbeats hang, until what is returned is called. */
function hang(core: Core): () => void {
  const { promise, resolve } = Promise.withResolvers<void>();
  const put = core.workers.put.bind(core.workers);
  core.workers.put = async (record) => {
    await promise;
    await put(record);
  };
  return resolve;
}

async function beatOf(core: Core): Promise<number> {
  return (await core.workers.find("default", "real"))?.beat ?? 0;
}
