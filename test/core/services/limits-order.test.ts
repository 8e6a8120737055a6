import { describe, expect, it } from "vitest";
import type { Limit } from "../../../core/limit/limit.ts";
import { stampOf } from "../../../core/run/run-id.ts";
import { isEnded } from "../../../core/run/run.ts";
import { type Claim, claimRun } from "../../../core/services/claim-run.ts";
import type { Core } from "../../../core/services/core.ts";
import { pauseJob, resumeJob } from "../../../core/services/pause-job.ts";
import { triggerRuns } from "../../../core/services/trigger-runs.ts";
import { SeededRandom } from "../../support/seeded-random.ts";
import { NAMESPACE, START_MS, World } from "../../support/world.ts";

const SUCCEEDED = { kind: "succeeded" } as const;
const FAILED = { kind: "failed", error: { name: "E", message: "once" } } as const;

describe("runs under several limits", () => {
  it("that wait at two of them come to an end", async () => {
    const world = new World();
    world.behave = ({ job }) => ({ takesMs: job === "both" ? 1_000 : 5_000, result: SUCCEEDED });
    await world.define({ name: "x", overlap: "allow", concurrency: [shared("x")] });
    await world.define({ name: "y", overlap: "allow", concurrency: [shared("y")] });
    await world.define({ name: "both", overlap: "allow", concurrency: [shared("y"), shared("x")] });
    await trigger(world, "x");
    await trigger(world, "y");
    await world.advance(1_000);
    await trigger(world, "both", 3);
    await world.advance(60_000);

    expect(statuses(world, "both")).toEqual(Array(3).fill("succeeded"));
    expect(world.watch.violations).toEqual([]);
    expect(world.errors).toEqual([]);
  });

  it("do not wait in a circle when a worker died while it let go of them", async () => {
    const world = new World();
    world.behave = ({ job, attempt }) => ({
      takesMs: 1_000,
      result: job === "a" && attempt === 1 ? FAILED : SUCCEEDED,
    });
    const concurrency = [shared("x"), shared("y")];
    const retry = { maxAttempts: 2, backoff: { initial: "1s", jitter: "none" } } as const;
    await world.define({ name: "a", overlap: "allow", concurrency, retry });
    await world.define({ name: "b", overlap: "allow", concurrency });
    await trigger(world, "a");
    await world.advance(500);
    await trigger(world, "b");
    dieAfterLeaving(world, "x");
    await world.advance(1_500);
    expect(world.workers).toEqual([]);
    expect([holdersOf(world, "x"), holdersOf(world, "y")]).toEqual([["b"], ["a"]]);
    world.addWorker();
    await world.advance(300_000);

    expect(statuses(world, "a")).toEqual(["succeeded"]);
    expect(statuses(world, "b")).toEqual(["succeeded"]);
    expect(world.watch.violations).toEqual([]);
  });

  it("let go of those that they hold when their job is paused while they wait", async () => {
    const world = new World();
    world.behave = ({ job }) => ({ takesMs: job === "y" ? 600_000 : 1_000, result: SUCCEEDED });
    await world.define({ name: "x", overlap: "allow", concurrency: [shared("x")] });
    await world.define({ name: "y", overlap: "allow", concurrency: [shared("y")] });
    await world.define({ name: "both", overlap: "allow", concurrency: [shared("x"), shared("y")] });
    await trigger(world, "y");
    await world.advance(500);
    await trigger(world, "both");
    await world.advance(500);
    await pauseJob(world.core, NAMESPACE, "both", {});
    await trigger(world, "x");
    await world.advance(60_000);
    expect(statuses(world, "x")).toEqual(["succeeded"]);

    await resumeJob(world.core, NAMESPACE, "both", { missed: "now" });
    await world.advance(900_000);
    expect(statuses(world, "both")).toEqual(["succeeded"]);
    expect(world.watch.violations).toEqual([]);
  });

  it.each(Array.from({ length: 12 }, (_, index) => index + 1))(
    "all come to an end, whatever their order, retries and deaths of workers (seed %i)",
    async (seed) => {
      const world = new World({ seed, workers: 2 });
      const random = new SeededRandom(seed);
      const pick = (count: number) => Math.floor(random.next() * count);
      const names = ["p", "q", "r", "s"];
      world.behave = () => ({ takesMs: 500 + pick(4_000), result: pick(3) === 0 ? FAILED : SUCCEEDED });
      const retry = { maxAttempts: 3, backoff: { initial: "1s", jitter: "none" } } as const;
      for (const name of names) {
        const texts = ["u", "v", "w"].filter(() => pick(3) > 0).toSorted(() => pick(3) - 1);
        const concurrency = texts.map((text) => ({ ...shared(text), limit: 2, weight: 1 + pick(3) }));
        await world.define({ name, overlap: pick(2) === 0 ? "allow" : "queueAll", concurrency, retry });
      }
      for (let round = 0; round < 12; round += 1) {
        await trigger(world, names[pick(names.length)] ?? "p", 1 + pick(3));
        await world.advance(500 + pick(2_000));
        if (pick(4) > 0 || world.workers.length === 0) continue;
        const [worker] = world.workers;
        // It dies over one of its next calls, in the middle of whatever it does then.
        let calls = 1 + pick(12);
        if (worker !== undefined) worker.faults.plan = () => (--calls === 0 ? "dieAfter" : undefined);
        world.addWorker();
      }
      await world.advance(1_500_000, { stepMs: 1_000 });

      const open = names.flatMap((name) => world.runs(name)).filter((run) => !isEnded(run));
      expect(open).toEqual([]);
      expect(world.watch.violations).toEqual([]);
    },
  );
});

describe("a message that comes twice", () => {
  it("leaves its overlap limit to a run that is between two attempts", async () => {
    const world = new World();
    world.behave = ({ attempt, cause }) => ({
      takesMs: 5_000,
      result: cause === "slot" && attempt === 1 ? FAILED : SUCCEEDED,
    });
    const retry = { maxAttempts: 2, backoff: { initial: "30s", jitter: "none" } } as const;
    const concurrency = [shared("x")];
    await world.define({ name: "a", schedule: { cron: "1 10 * * *" }, overlap: "queueAll", concurrency, retry });
    await world.define({ name: "x", overlap: "allow", concurrency });
    await world.advance(66_000);
    expect(statuses(world, "a")).toEqual(["retrying"]);
    await trigger(world, "x");
    await world.advance(500);
    await ring(world, { job: "a", version: 1 });
    await world.advance(500);
    await trigger(world, "a");
    await world.advance(60_000);

    const runs = world.runs("a").toSorted((a, b) => (a.cause < b.cause ? 1 : -1));
    expect(runs).toMatchObject([
      { cause: "slot", status: "succeeded", attempt: 2 },
      { cause: "manual", status: "succeeded", attempt: 1 },
    ]);
    const [retried, manual] = runs.map(({ attempts }) => attempts.at(-1));
    expect(manual?.startedAtMs).toBeGreaterThanOrEqual(retried?.endedAtMs ?? Infinity);
    expect(world.watch.violations).toEqual([]);
  });

  it("in the pool that its job has left takes no limit from the run that begins in the other", async () => {
    const world = new World({ workers: 0 });
    await world.define({ name: "a", schedule: { cron: "1 10 * * *" }, overlap: "queueAll", pool: "former" });
    await world.define({ name: "a", schedule: { cron: "1 10 * * *" }, overlap: "queueAll", pool: "latter" });
    await trigger(world, "a");
    await world.clock.advance(60_000);
    const [slow, other] = [world.process().core, world.process().core];
    const record = holdBack(slow);
    const claiming = claimSlot(slow, { pool: "latter", version: 2 });
    await record.isReached;
    expect(await claimSlot(other, { pool: "former", version: 1 })).toEqual({ kind: "done" });
    const manual = world.runs("a").find(({ cause }) => cause === "manual");
    if (manual === undefined) throw new Error("There is no manual run");
    const { namespace, job, stamp, dueAtMs } = manual;
    const worker = { id: "w-3", pool: "latter" };
    const second = await claimRun(other, { v: 1, namespace, job, stamp, dueAtMs }, worker, 1);
    record.release();

    expect((await claiming).kind).toBe("claimed");
    expect(second.kind).not.toBe("claimed");
    expect(world.watch.violations).toEqual([]);
  });
});

describe("the overlap policy queueOne", () => {
  it("keeps the run that stands first in line, also when one of another version has come behind it", async () => {
    const world = new World();
    world.behave = () => ({ takesMs: 100_000, result: SUCCEEDED });
    await world.define({ name: "a", overlap: "queueOne" });
    await trigger(world, "a", 2);
    await world.advance(500);
    await world.define({ name: "a", overlap: "queueAll" });
    await trigger(world, "a");
    await world.advance(500_000);

    expect(statuses(world, "a")).toEqual(Array(3).fill("succeeded"));
  });
});

function shared(key: string) {
  return { key, scope: "namespace" as const, limit: 1 };
}

function trigger(world: World, job: string, count = 1) {
  return triggerRuns(world.core, NAMESPACE, job, { requests: Array.from({ length: count }, () => ({})) });
}

function statuses(world: World, job: string): string[] {
  return world.runs(job).map(({ status }) => status);
}

function limitKey(key: string): string {
  return `key#${NAMESPACE}#${key}`;
}

/** The jobs whose runs hold a shared key. */
function holdersOf(world: World, key: string): string[] {
  const items = world.table.dump("limit#").filter((item) => item.key.pk.endsWith(limitKey(key)));
  return items.flatMap(({ body }) => (body as Limit).holders.map(({ job }) => job));
}

/** Lets the first worker die as soon as it has let go of a shared key. */
function dieAfterLeaving(world: World, key: string): void {
  const [process] = world.workers;
  if (process === undefined) throw new Error("There is no worker");
  const { limits } = process.core;
  const change = limits.change.bind(limits);
  limits.change = async (changed, decide) => {
    let isLeft = false;
    const result = await change(changed, async (limit) => {
      const choice = await decide(limit);
      const leaves = choice.limit?.holders.every((after) => limit.holders.every((before) => before.job !== after.job));
      isLeft = limit.holders.length > 0 && leaves === true;
      return choice;
    });
    if (isLeft && changed === limitKey(key)) {
      process.faults.die();
      return new Promise(() => undefined);
    }
    return result;
  };
}

/** Rings once more for the slot of a minute after the start. */
async function ring(world: World, { job, version }: { job: string; version: number }): Promise<void> {
  const dueAtMs = START_MS + 60_000;
  const body = JSON.stringify({ v: 1, namespace: NAMESPACE, job, stamp: stampOf(dueAtMs), version, dueAtMs });
  await world.queue.send("default.normal", [{ body, group: NAMESPACE, delayMs: 0 }]);
}

function claimSlot(core: Core, { pool, version }: { pool: string; version: number }): Promise<Claim> {
  const dueAtMs = START_MS + 60_000;
  const message = { v: 1, namespace: NAMESPACE, job: "a", stamp: stampOf(dueAtMs), version, dueAtMs } as const;
  return claimRun(core, message, { id: `w-${pool}`, pool }, 1);
}

/** Holds back the first record that a process writes of a run. */
function holdBack(core: Core): { readonly isReached: Promise<void>; readonly release: () => void } {
  const [reached, gate] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const put = core.runs.put.bind(core.runs);
  core.runs.put = async (...write) => {
    reached.resolve();
    await gate.promise;
    return put(...write);
  };
  return { isReached: reached.promise, release: gate.resolve };
}
