import { describe, expect, it } from "vitest";
import type { Run } from "../../../core/run/run.ts";
import { cancelRun } from "../../../core/services/cancel-run.ts";
import { pauseJob, resumeJob } from "../../../core/services/pause-job.ts";
import { triggerRuns } from "../../../core/services/trigger-runs.ts";
import { NAMESPACE, World, type WorldOptions } from "../../support/world.ts";

const EVERY_5S = { name: "a", schedule: { every: "5s" } } as const;

describe("the overlap policy", () => {
  it("skip leaves out every slot that is due while a run lasts", async () => {
    const world = longRuns(12_000);
    await world.define({ ...EVERY_5S, overlap: "skip" });
    await world.advance(45_500);

    expect(world.fired("a")).toEqual([5_000, 20_000, 35_000]);
    expect(await world.ledger("a")).toMatchObject({ expected: 9, fired: 3, skipped: { overlap: 6 } });
    expect(world.watch.violations).toEqual([]);
  });

  it("queueOne keeps one slot waiting and skips the others", async () => {
    const world = longRuns(12_000);
    await world.define({ ...EVERY_5S, overlap: "queueOne" });
    await world.advance(60_500);

    const outcomes = world.runs("a").map((run) => (run.attempt > 0 || run.status === "queued" ? "run" : run.status));
    expect(outcomes.slice(0, 6)).toEqual(["run", "run", "skipped", "run", "skipped", "run"]);
    expect(world.watch.violations).toEqual([]);
  });

  it("queueAll runs all slots one after the other, in their order", async () => {
    const world = longRuns(7_000);
    await world.define({ ...EVERY_5S, overlap: "queueAll" });
    await world.advance(60_000);
    await pauseJob(world.core, NAMESPACE, "a", {});
    await resumeJob(world.core, NAMESPACE, "a", { missed: "now" });
    await world.define({ ...EVERY_5S, overlap: "queueAll", schedule: { every: "1h" } });
    await world.advance(60_000);

    const starts = world.runs("a").map((run) => run.attempts[0]?.startedAtMs ?? 0);
    expect(starts).toEqual(starts.toSorted((a, b) => a - b));
    expect(world.fired("a")).toHaveLength(12);
    expect(world.watch.violations).toEqual([]);
  });

  it("queueAll starts the next one at once: no wake-up is lost", async () => {
    const world = longRuns(7_000);
    await world.define({ ...EVERY_5S, overlap: "queueAll" });
    await world.advance(120_000);

    const attempts = world.runs("a").flatMap((run) => run.attempts);
    for (const [index, { startedAtMs }] of attempts.entries())
      if (index > 0) expect(startedAtMs - (attempts[index - 1]?.endedAtMs ?? 0)).toBeLessThanOrEqual(500);
    expect(attempts.length).toBeGreaterThanOrEqual(16);
  });

  it.each(["cancelPrevious", "terminatePrevious"] as const)(
    "%s ends the run before, and the new one runs",
    async (overlap) => {
      const world = longRuns(12_000);
      await world.define({ ...EVERY_5S, overlap });
      await world.advance(41_000);

      const runs = world.runs("a");
      expect(runs.slice(0, -1).map(({ status }) => status)).toEqual(runs.slice(0, -1).map(() => "cancelled"));
      expect(runs.at(-1)?.status).toBe("running");
      expect(runs).toHaveLength(8);
      const graceMs = overlap === "terminatePrevious" ? 0 : 10_000;
      expect(runs[0]?.cancel).toMatchObject({ by: "overlap policy", graceMs });
      expect(world.watch.violations).toEqual([]);
    },
  );

  it("cancelPrevious is not set off by a late duplicate of a run that has ended", async () => {
    const world = longRuns(12_000);
    await world.define({ ...EVERY_5S, schedule: { every: "20s" }, overlap: "cancelPrevious" });
    await world.advance(21_000);
    const slot = world.runs("a")[0];
    if (slot === undefined) throw new Error("There is no run");
    const { namespace, job, stamp, version, dueAtMs } = slot;
    await world.advance(20_000);
    const body = JSON.stringify({ v: 1, namespace, job, stamp, version, dueAtMs });
    await world.queue.send("default.normal", [{ body, group: namespace, delayMs: 0 }]);
    await world.advance(12_000);

    expect(world.runs("a").map(({ status }) => status)).toEqual(["succeeded", "succeeded"]);
  });

  it("allow lets all run", async () => {
    const world = longRuns(12_000);
    await world.define({ ...EVERY_5S, overlap: "allow" });
    await world.advance(32_000);

    expect(world.fired("a")).toHaveLength(6);
    expect(world.runs("a").filter(({ status }) => status === "running").length).toBeGreaterThan(1);
  });
});

describe("a long line", () => {
  it("is not rung for: who comes in is told by whoever leaves", async () => {
    const world = longRuns(600_000, { workers: 1, slots: 200 });
    await world.define({ name: "a", overlap: "queueAll" });
    await triggerRuns(world.core, NAMESPACE, "a", { requests: Array.from({ length: 150 }, () => ({})) });
    await world.advance(60_000);
    const sent = world.queue.sent;
    const calls = world.calls();
    await world.advance(300_000, { stepMs: 1_000 });
    expect(world.queue.sent).toBe(sent);
    // Heartbeats and looks of the worker, and two watches that grow rarer: a claim of each would be some thousand.
    expect(world.calls() - calls).toBeLessThan(7_000);
  });
});

describe("a concurrency key", () => {
  it("of the namespace bounds the weight of all jobs together, at every commit, and wastes nothing", async () => {
    const world = longRuns(3_000, { workers: 3, slots: 20 });
    const weights: Record<string, number> = { light: 1, middle: 2, heavy: 3 };
    world.watch.limits.push({ capacity: 4, weightOf: (run: Run) => weights[run.job] });
    for (const [name, weight] of Object.entries(weights)) {
      const concurrency = [{ key: "shared", scope: "namespace", limit: 4, weight }] as const;
      await world.define({ name, schedule: { every: "10s" }, overlap: "allow", concurrency: [...concurrency] });
    }
    await world.advance(90_000);
    await trigger(world, "light", 20);
    await world.advance(120_000);

    expect(world.watch.violations).toEqual([]);
    expect(world.runs("heavy").filter(({ status }) => status === "succeeded").length).toBeGreaterThanOrEqual(12);
    const last = world.runs("light").filter(({ cause }) => cause === "manual");
    expect(new Set(last.map(({ status }) => status))).toEqual(new Set(["succeeded"]));
  });

  it("lets a run that is heavier than the whole limit run alone", async () => {
    const world = longRuns(1_000);
    await world.define({ name: "a", overlap: "allow", concurrency: [{ limit: 2, weight: 5 }] });
    await trigger(world, "a", 3);
    await world.advance(20_000);

    const attempts = world.runs("a").flatMap((run) => run.attempts);
    expect(attempts).toHaveLength(3);
    const byStart = attempts.toSorted((a, b) => a.startedAtMs - b.startedAtMs);
    for (const [index, { startedAtMs }] of byStart.entries())
      if (index > 0) expect(startedAtMs).toBeGreaterThanOrEqual(byStart[index - 1]?.endedAtMs ?? 0);
  });

  it("made of parameters is one limit for each value", async () => {
    const world = longRuns(5_000);
    const concurrency = [{ key: "c-{{parameters.customer}}", limit: 1 }];
    await world.define({ name: "a", overlap: "allow", concurrency });
    const requests = ["x", "y", "x", "y"].map((customer) => ({ parameters: { customer } }));
    await triggerRuns(world.core, NAMESPACE, "a", { requests });
    await world.advance(2_000);
    expect(world.runs("a").filter(({ status }) => status === "running")).toHaveLength(2);
    await world.advance(15_000);

    expect(world.runs("a").map(({ status }) => status)).toEqual(Array(4).fill("succeeded"));
  });

  it("whose parameter is missing skips the run and says so", async () => {
    const world = new World();
    await world.define({ name: "a", overlap: "allow", concurrency: [{ key: "c-{{parameters.customer}}", limit: 1 }] });
    await trigger(world, "a", 1);
    await world.advance(2_000);

    expect(world.runs("a")).toMatchObject([
      { status: "skipped", reason: "parameters", error: { name: "template-invalid" } },
    ]);
    expect(world.errors).toEqual([]);
  });

  it("that names the attempt is left by the attempts that held it", async () => {
    const world = new World();
    world.behave = ({ charged }) => ({
      takesMs: 100,
      result: charged === 0 ? { kind: "failed", error: { name: "E", message: "once" } } : { kind: "succeeded" },
    });
    const retry = { maxAttempts: 2, backoff: { initial: "5s", jitter: "none" } } as const;
    const concurrency = [{ key: "k{{run.attempt}}", limit: 1, scope: "namespace" as const }];
    await world.define({ name: "a", overlap: "allow", concurrency, retry });
    await trigger(world, "a", 3);
    await world.advance(4_000);

    // While they wait for their second attempts they hold nothing, so all have had their first.
    expect(world.runs("a").map(({ status }) => status)).toEqual(Array(3).fill("retrying"));
  });

  it("that is full is waited for by a run that has begun, also where the overlap policy skips newcomers", async () => {
    const world = new World();
    const concurrency = [{ key: "{{parameters.k}}", scope: "namespace" as const, limit: 1 }];
    const retry = { maxAttempts: 2, backoff: { initial: "10s", jitter: "none" } } as const;
    await world.define({ name: "a", overlap: "skip", concurrency, retry });
    await world.define({ name: "b", concurrency });
    world.behave = ({ job, attempt, parameters }) => {
      if (job === "b") return { takesMs: 30_000, result: { kind: "succeeded" } };
      if (parameters?.["k"] === "y") return { takesMs: 60_000, result: { kind: "succeeded" } };
      return attempt === 1
        ? { takesMs: 100, result: { kind: "failed", error: { name: "E", message: "once" } } }
        : { takesMs: 100, result: { kind: "succeeded" } };
    };
    const start = (job: string, k: string) =>
      triggerRuns(world.core, NAMESPACE, job, { requests: [{ parameters: { k } }] });
    await start("a", "x");
    await world.advance(2_000);
    await start("b", "x");
    await world.advance(12_000);
    // The other job holds the key of the retrying run now, and this one takes the limit of the job.
    await start("a", "y");
    await world.advance(150_000);

    const retried = world.runs("a").find(({ parameters }) => parameters?.["k"] === "x");
    expect(retried).toMatchObject({ status: "succeeded", attempt: 2 });
    expect(world.watch.violations).toEqual([]);
    expect(world.errors).toEqual([]);
  });

  it("is not held by a run of a job that is paused", async () => {
    const world = longRuns(5_000);
    const concurrency = [{ key: "shared", scope: "namespace" as const, limit: 1 }];
    await world.define({ name: "a", overlap: "allow", concurrency });
    await world.define({ name: "b", overlap: "allow", concurrency });
    await trigger(world, "b", 1);
    await world.advance(500);
    await trigger(world, "a", 1);
    await world.advance(500);
    await pauseJob(world.core, NAMESPACE, "a", {});
    await trigger(world, "b", 2);
    await world.advance(60_000);

    expect(world.runs("b").map(({ status }) => status)).toEqual(Array(3).fill("succeeded"));
    expect(world.runs("a").map(({ attempt }) => attempt)).toEqual([0]);
    await resumeJob(world.core, NAMESPACE, "a", { missed: "now" });
    await world.advance(30_000);
    expect(world.runs("a").map(({ status }) => status)).toEqual(["succeeded"]);
  });

  it("is passed on when those in line are cancelled", async () => {
    const world = longRuns(5_000);
    await world.define({ name: "a", overlap: "queueAll" });
    await trigger(world, "a", 4);
    await world.advance(1_000);
    const waiting = world.runs("a").filter(({ status }) => status === "queued");
    for (const run of waiting.slice(0, 2)) await cancelRun(world.core, run, { by: "ann" });
    await world.advance(10_500);

    expect(
      world
        .runs("a")
        .map(({ status }) => status)
        .sort(),
    ).toEqual(["cancelled", "cancelled", "succeeded", "succeeded"]);
  });

  it("with more than a hundred holders notices the ended ones behind those that last", async () => {
    const world = new World({ slots: 300 });
    world.behave = ({ parameters }) => ({
      takesMs: parameters?.["long"] === true ? 600_000 : 1_000,
      result: { kind: "succeeded" },
    });
    await world.define({ name: "a", overlap: "allow", concurrency: [{ limit: 130 }] });
    await trigger(world, "a", 110, { long: true });
    await world.advance(1_000);
    await trigger(world, "a", 20, { long: false });
    await world.advance(3_000);
    await trigger(world, "a", 20, { long: false });
    await world.advance(3_000);

    expect(world.runs("a").filter(({ status }) => status === "succeeded")).toHaveLength(40);
  });

  it("of a job that was edited follows the version of each run", async () => {
    const world = longRuns(4_000);
    await world.define({ name: "a", overlap: "queueAll" });
    await trigger(world, "a", 3);
    await world.advance(1_000);
    await world.define({ name: "a", overlap: "queueOne" });
    await trigger(world, "a", 2);
    await world.advance(30_000);

    expect(world.runs("a").map(({ status }) => status)).toEqual([
      "succeeded",
      "succeeded",
      "succeeded",
      "skipped",
      "skipped",
    ]);
  });

  it("that was lowered holds for those in line, also when one leaves that may share it with more", async () => {
    const world = longRuns(10_000);
    await world.define({ name: "a", overlap: "allow", concurrency: [{ limit: 2 }] });
    await trigger(world, "a", 1);
    await world.advance(1_000);
    await world.define({ name: "a", overlap: "allow", concurrency: [{ limit: 1 }] });
    world.watch.limits.push({ capacity: 1, weightOf: ({ version }) => (version === 2 ? 1 : undefined) });
    await trigger(world, "a", 4);
    await world.advance(90_000);

    expect(world.watch.violations).toEqual([]);
    expect(world.runs("a").map(({ status }) => status)).toEqual(Array.from({ length: 5 }, () => "succeeded"));
  });
});

function longRuns(takesMs: number, options: WorldOptions = {}): World {
  const world = new World(options);
  world.behave = () => ({ takesMs, result: { kind: "succeeded" } });
  return world;
}

function trigger(world: World, job: string, count: number, parameters?: Record<string, boolean>) {
  const requests = Array.from({ length: count }, () => (parameters === undefined ? {} : { parameters }));
  return triggerRuns(world.core, NAMESPACE, job, { requests });
}
