import { describe, expect, it } from "vitest";
import { pauseJob, resumeJob } from "../../../core/services/pause-job.ts";
import { triggerRuns } from "../../../core/services/trigger-runs.ts";
import type { Fault } from "../../support/port-faults.ts";
import { fails, takes, workflow, WorkflowWorld } from "../../support/workflow-world.ts";
import { NAMESPACE, START_MS } from "../../support/world.ts";

const LOAD = { name: "load", schedule: { every: "10s" }, overlap: "allow" } as const;

function slotsOf(world: WorkflowWorld, job: string): number[] {
  return world.runs(job).map(({ slotAtMs }) => slotAtMs - START_MS);
}

describe("a job that starts after another", () => {
  it("runs once for each of its runs that has succeeded, for the same slot", async () => {
    const world = new WorkflowWorld();
    await world.define(LOAD);
    await world.define({ name: "report", startAfter: [{ job: "load" }] });
    await world.advance(35_000);
    expect(slotsOf(world, "report")).toEqual([10_000, 20_000, 30_000]);
    expect(world.runs("report")).toMatchObject([
      { cause: "event", status: "succeeded", origin: { after: "default.load@20260105T100010.000Z" } },
      { status: "succeeded" },
      { status: "succeeded" },
    ]);
  });

  it("may be defined before the other one is there", async () => {
    const world = new WorkflowWorld();
    await world.define({ name: "report", startAfter: [{ job: "load" }] });
    await world.define(LOAD);
    await world.advance(15_000);
    expect(slotsOf(world, "report")).toEqual([10_000]);
  });

  it("runs after failures, or after any end, as it says", async () => {
    const world = new WorkflowWorld();
    world.steps.set("load", (run) => (run.slotAtMs % 20_000 === 0 ? fails() : takes(100)));
    await world.define(LOAD);
    await world.define({ name: "alarm", startAfter: [{ job: "load", on: "failure" }] });
    await world.define({ name: "log", startAfter: [{ job: "load", on: "end" }] });
    await world.advance(45_000);
    expect(slotsOf(world, "alarm")).toEqual([20_000, 40_000]);
    expect(slotsOf(world, "log")).toEqual([10_000, 20_000, 30_000, 40_000]);
  });

  it("runs after workflows, and workflows run after it", async () => {
    const world = new WorkflowWorld();
    await world.defineWorkflow("etl", workflow({ a: {} }), { schedule: { every: "10s" } });
    await world.define({ name: "check", startAfter: [{ job: "etl" }] });
    await world.defineWorkflow("publish", workflow({ p: {} }), { startAfter: [{ job: "check" }] });
    await world.advance(15_000);
    expect(world.runs("publish")).toMatchObject([{ status: "succeeded", slotAtMs: START_MS + 10_000 }]);
  });

  it("goes by its definition of the time: no longer once that names the other no more", async () => {
    const world = new WorkflowWorld();
    await world.define(LOAD);
    await world.define({ name: "report", startAfter: [{ job: "load" }] });
    await world.advance(15_000);
    await world.define({ name: "report" });
    await world.advance(20_000);
    expect(slotsOf(world, "report")).toEqual([10_000]);
  });

  it("holds what comes while it is paused, until it is resumed", async () => {
    const world = new WorkflowWorld();
    await world.define(LOAD);
    await world.define({ name: "report", startAfter: [{ job: "load" }] });
    await pauseJob(world.core, NAMESPACE, "report", {});
    await world.advance(15_000);
    expect(world.runs("report")).toMatchObject([{ status: "queued" }]);
    await resumeJob(world.core, NAMESPACE, "report", { missed: "now" });
    await world.advance(40_000);
    expect(world.runs("report")[0]).toMatchObject({ status: "succeeded" });
  });

  it("is refused when it would start after itself", async () => {
    const world = new WorkflowWorld();
    await world.define({ name: "a", startAfter: [{ job: "c" }] });
    await world.define({ name: "b", startAfter: [{ job: "a" }] });
    await expect(world.define({ name: "c", startAfter: [{ job: "b" }] })).rejects.toMatchObject({
      code: "workflow-cycle",
      message: 'Cannot start job "c" after itself: c after b after a after c',
    });
    await expect(world.define({ name: "d", startAfter: [{ job: "d" }] })).rejects.toMatchObject({
      code: "workflow-cycle",
    });
  });

  it("costs jobs nothing that nobody listens to", async () => {
    const calls = async (isHeard: boolean): Promise<number> => {
      const world = new WorkflowWorld();
      await world.define(LOAD);
      await world.define({ name: "other", startAfter: [{ job: isHeard ? "load" : "none" }], overlap: "allow" });
      await world.advance(5_000);
      const before = world.calls();
      await world.advance(100_000);
      return world.calls() - before;
    };
    const world = new WorkflowWorld();
    await world.define(LOAD);
    await world.define({ name: "other" });
    await world.advance(5_000);
    const before = world.calls();
    await world.advance(100_000);
    expect(await calls(false)).toBe(world.calls() - before);
    expect(await calls(true)).toBeGreaterThan(world.calls() - before);
  });

  it.each(["dieBefore", "dieAfter", "unknown", "unavailable"] satisfies Fault[])(
    "runs once all the same when a call of the worker fails (%s)",
    async (fault) => {
      for (let call = 1; call <= 30; call += 1) {
        const world = new WorkflowWorld({ seed: call });
        await world.define({ name: "load" });
        await world.define({ name: "report", startAfter: [{ job: "load" }] });
        const worker = world.workers[0];
        if (worker === undefined) throw new Error("There is no worker");
        const before = worker.faults.calls;
        worker.faults.plan = (number) => (number === before + call ? fault : undefined);
        await triggerRuns(world.core, NAMESPACE, "load", { requests: [{}] });
        await world.advance(3_000);
        if (worker.faults.isDead) world.addWorker();
        await world.advance(120_000, { stepMs: 1_000 });
        expect(
          world.runs("report").map(({ status }) => status),
          `${fault} at call ${call}`,
        ).toEqual(["succeeded"]);
        expect(world.watch.violations).toEqual([]);
      }
    },
  );
});

describe("a step that awaits another job's run", () => {
  const DAY = { awaits: { job: "load", window: "hour" } } as const;

  it("goes on when a run of its window succeeds, with that run's result", async () => {
    const world = new WorkflowWorld();
    world.steps.set("load", () => takes(100, { rows: 7 }));
    await world.define({ name: "load" });
    await world.defineWorkflow(
      "etl",
      workflow({ ready: DAY, b: { needs: ["ready"] } }, { outputs: { n: "steps.ready.output.result.rows" } }),
    );
    const run = await world.start("etl");
    await world.advance(60_000);
    expect(world.begunSteps()).toEqual([]);
    await world.start("load");
    await world.advance(2_000);
    expect(await world.ended(run)).toMatchObject({ status: "succeeded", result: { n: 7 } });
  });

  it("goes on at once when there is such a run already, and not for one of another window", async () => {
    const world = new WorkflowWorld();
    await world.define({ name: "load" });
    await triggerRuns(world.core, NAMESPACE, "load", { requests: [{}] });
    await world.advance(5_000);
    await world.defineWorkflow("now", workflow({ ready: DAY }));
    await world.defineWorkflow("before", workflow({ ready: { awaits: { job: "load", window: "hour", offset: -1 } } }));
    const [now, before] = [await world.start("now"), await world.start("before")];
    await world.advance(3_000);
    expect(await world.ended(now)).toMatchObject({ status: "succeeded" });
    expect(await world.find(before)).toMatchObject({ status: "running" });
  });

  it("waits on after a failure, and gives up when its time is over", async () => {
    const world = new WorkflowWorld();
    world.steps.set("load", () => fails());
    await world.define({ name: "load" });
    await world.defineWorkflow("etl", workflow({ ready: { awaits: { job: "load", expiresAfter: "10m" } } }));
    const run = await world.start("etl");
    await world.start("load");
    await world.advance(590_000, { stepMs: 5_000 });
    expect(await world.find(run)).toMatchObject({ status: "running" });
    await world.advance(15_000);
    expect(await world.step(run, "ready")).toMatchObject({ status: "failed", error: { name: "AWAITED_EXPIRED" } });
  });

  it("finds a run whose end nobody told it of", async () => {
    const world = new WorkflowWorld();
    world.steps.set("load", () => takes(5_000));
    await world.define({ name: "load" });
    // Claimed before anybody listened.
    await world.start("load");
    await world.advance(1_000);
    await world.defineWorkflow("etl", workflow({ ready: DAY }));
    const run = await world.start("etl");
    await world.advance(60_000);
    expect(await world.ended(run)).toMatchObject({ status: "succeeded" });
  });
});
