import { describe, expect, it } from "vitest";
import { deleteJob } from "../../../core/services/define-job.ts";
import { cancelRun } from "../../../core/services/cancel-run.ts";
import { pauseJob } from "../../../core/services/pause-job.ts";
import { triggerRuns } from "../../../core/services/trigger-runs.ts";
import { whyJob, whyRun } from "../../../core/services/why.ts";
import { workflow } from "../../support/workflow-world.ts";
import { NAMESPACE, START_MS, World } from "../../support/world.ts";

type Scene = (world: World) => Promise<unknown>;

const trigger: Scene = (world) => triggerRuns(world.core, NAMESPACE, "a", { requests: [{}] });

describe("whyRun()", () => {
  it.each<{ code: string; workers?: number; slots?: number; scene: Scene }>([
    {
      code: "paused",
      scene: async (world) => (await trigger(world), pauseJob(world.core, NAMESPACE, "a", { by: "ann" })),
    },
    { code: "deleted", scene: async (world) => (await trigger(world), deleteJob(world.core, NAMESPACE, "a", {})) },
    {
      code: "notDue",
      scene: (world) => triggerRuns(world.core, NAMESPACE, "a", { requests: [{ atMs: START_MS + 3_600_000 }] }),
    },
    { code: "noWorker", workers: 0, scene: trigger },
    {
      code: "inQueue",
      scene: async (world) => (await world.advance(0), (world.queue.fate = () => "lose"), trigger(world)),
    },
    { code: "queueBacklog", scene: async (world) => (await world.advance(0), trigger(world)) },
    { code: "running", scene: async (world) => (await trigger(world), world.advance(1_000)) },
    {
      code: "workersFull",
      slots: 1,
      scene: async (world) => {
        await world.define({ name: "b" });
        await triggerRuns(world.core, NAMESPACE, "b", { requests: [{}] });
        await world.advance(1_000);
        await trigger(world);
      },
    },
    {
      code: "limitFull",
      scene: async (world) => {
        await world.define({ name: "a", overlap: "queueAll" });
        await trigger(world);
        await world.advance(1_000);
        await trigger(world);
        await world.advance(1_000);
      },
    },
    {
      code: "retryBackoff",
      scene: async (world) => {
        world.behave = () => ({ takesMs: 100, result: { kind: "failed", error: { name: "E", message: "no" } } });
        await world.define({
          name: "a",
          retry: { maxAttempts: 2, backoff: { initial: "1h", max: "1h", jitter: "none" } },
        });
        await trigger(world);
        await world.advance(1_000);
      },
    },
    {
      code: "cancelling",
      scene: async (world) => {
        await trigger(world);
        await world.advance(1_000);
        const [run] = world.runs("a");
        if (run !== undefined) await cancelRun(world.core, run, { by: "ann" });
      },
    },
    {
      code: "workerSilent",
      scene: async (world) => {
        await trigger(world);
        await world.advance(1_000);
        await world.core.workers.remove({ pool: "default", id: "w1" });
      },
    },
    {
      code: "ended",
      scene: async (world) => {
        world.behave = () => ({ takesMs: 1, result: { kind: "succeeded" } });
        await trigger(world);
        await world.advance(1_000);
      },
    },
    {
      code: "skipped",
      scene: async (world) => {
        await trigger(world);
        await world.advance(1_000);
        await trigger(world);
        await world.advance(1_000);
      },
    },
  ])("says $code first", async ({ code, scene, workers = 1, slots = 10 }) => {
    const world = new World({ workers, slots });
    world.behave = () => ({ takesMs: 3_600_000, result: { kind: "succeeded" } });
    await world.define({ name: "a" });
    await scene(world);
    const run = world.runs("a").at(-1);
    if (run === undefined) throw new Error("There is no run");

    const constraints = await whyRun(world.core, run);

    expect(constraints.map((each) => each.code)[0]).toBe(code);
    expect(constraints[0]?.detail).toMatch(/^[A-Z].*[^.]$/);
  });

  it("says that all workers are draining", async () => {
    const world = new World({ workers: 0 });
    await world.define({ name: "a" });
    await trigger(world);
    await world.core.workers.put({
      id: "w",
      pool: "default",
      state: "draining",
      slots: 1,
      running: [],
      startedAtMs: 0,
      beat: 1,
    });
    const [run] = world.runs("a");

    expect(run && (await whyRun(world.core, run))[0]?.code).toBe("workersDraining");
  });

  it("wants no worker for a workflow, which the engine begins", async () => {
    const world = new World({ workers: 0 });
    await world.define({ name: "a", executor: workflow({ step: {} }) });
    world.queue.fate = () => "lose";
    await trigger(world);
    const [run] = world.runs("a");

    expect(run && (await whyRun(world.core, run))).toMatchObject([
      { code: "inQueue", detail: "Nothing holds it back: the engine is about to take it" },
    ]);
    expect((await whyJob(world.core, NAMESPACE, "a")).map(({ code }) => code)).toEqual(["noSchedule"]);
  });

  it("refuses a run that there is not", async () => {
    const key = { namespace: NAMESPACE, job: "a", stamp: "20260105T100000.000Z" };
    await expect(whyRun(new World().core, key)).rejects.toMatchObject({ code: "run-not-found" });
  });
});

describe("whyJob()", () => {
  it.each<{ code: string; schedule?: object; scene?: Scene }>([
    { code: "noSchedule" },
    { code: "notDue", schedule: { every: "1h" } },
    {
      code: "scheduleEnded",
      schedule: { every: "5s", maxRuns: 1 },
      scene: (world) => world.advance(20_000),
    },
    { code: "paused", schedule: { every: "1h" }, scene: (world) => pauseJob(world.core, NAMESPACE, "a", {}) },
    { code: "deleted", schedule: { every: "1h" }, scene: (world) => deleteJob(world.core, NAMESPACE, "a", {}) },
  ])("says $code", async ({ code, schedule, scene }) => {
    const world = new World();
    await world.define({ name: "a", ...(schedule === undefined ? {} : { schedule }) });
    await scene?.(world);

    expect((await whyJob(world.core, NAMESPACE, "a"))[0]?.code).toBe(code);
  });
});
