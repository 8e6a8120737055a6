import { describe, expect, it } from "vitest";
import { cancelRun } from "../../../core/services/cancel-run.ts";
import { pauseJob, resumeJob } from "../../../core/services/pause-job.ts";
import { rerun } from "../../../core/services/rerun.ts";
import { decideApproval } from "../../../core/services/workflow/decide-approval.ts";
import { markStep } from "../../../core/services/workflow/mark-step.ts";
import { pauseWorkflow, resumeWorkflow } from "../../../core/services/workflow/pause-workflow.ts";
import { readSteps } from "../../../core/services/workflow/read-steps.ts";
import { redriveWorkflow } from "../../../core/services/workflow/redrive.ts";
import { whyRun } from "../../../core/services/why.ts";
import { stepKey } from "../../../core/services/workflow/step-run.ts";
import { fails, keyOf, takes, workflow, WorkflowWorld } from "../../support/workflow-world.ts";
import { NAMESPACE } from "../../support/world.ts";

const OPS = { by: "ops" } as const;
const PLAIN = { by: "ops", definition: "same", from: [], marks: {} } as const;

async function approving(approval: object) {
  const world = new WorkflowWorld();
  const ok = { approval: { by: ["ops", "boss"], ...approval } };
  await world.defineWorkflow("etl", workflow({ ok, b: { needs: ["ok"] } }));
  const run = await world.start("etl");
  await world.advance(1_000);
  return { world, run, step: stepKey(run, "ok") };
}

async function broken() {
  const world = new WorkflowWorld();
  world.steps.set("a", () => takes(100, { rows: 3 }));
  world.steps.set("b", () => fails());
  await world.defineWorkflow(
    "etl",
    workflow({ a: {}, b: { needs: ["a"] }, c: { needs: ["b"], parameters: { n: "${{ steps.a.output.rows }}" } } }),
  );
  const run = await world.start("etl", { day: "x" });
  await world.advance(5_000);
  world.begun.length = 0;
  return { world, run };
}

describe("stopping a workflow", () => {
  it("stops what is open, leaves out what has not begun, and runs what always runs", async () => {
    const world = new WorkflowWorld();
    world.steps.set("a", () => takes(60_000));
    await world.defineWorkflow(
      "etl",
      workflow(
        { a: {}, w: { wait: { for: "1h" } }, b: { needs: ["a"] }, log: { needs: ["a"], rule: "always" } },
        { onError: { undo: {} }, finally: { clean: {} } },
      ),
    );
    const run = await world.start("etl");
    await world.advance(2_000);
    expect(await cancelRun(world.core, run, { by: "ops", note: "wrong day" })).toMatchObject({ kind: "cancelling" });
    await world.advance(5_000);
    expect(world.statuses(run)).toEqual({
      a: "cancelled",
      w: "cancelled",
      b: "skipped",
      log: "succeeded",
      undo: "skipped",
      clean: "succeeded",
    });
    expect(await world.ended(run)).toMatchObject({
      status: "cancelled",
      error: { message: "stopped by ops: wrong day" },
      stop: { confirmed: true },
    });
  });

  it("at any moment leaves nothing open", async () => {
    for (let atMs = 0; atMs <= 6_000; atMs += 250) {
      const world = new WorkflowWorld({ seed: atMs });
      for (const name of ["a", "b", "c", "each"]) world.steps.set(name, () => takes(900));
      await world.define({ name: "load" });
      await world.defineWorkflow(
        "etl",
        workflow(
          {
            a: {},
            b: { needs: ["a"] },
            each: { needs: ["a"], map: { over: "[1, 2, 3, 4]", concurrency: 2 } },
            load: { needs: ["b"], workflow: { job: "load" } },
            c: { needs: ["each", "load"] },
          },
          { finally: { clean: {} } },
        ),
      );
      const run = await world.start("etl");
      await world.advance(atMs, { stepMs: 250 });
      await cancelRun(world.core, run, OPS);
      await world.advance(30_000);
      const ended = await world.ended(run);
      expect(["cancelled", "succeeded"]).toContain(ended.status);
      const open = [...world.stepsOf(run), ...world.itemsOf(run, "each"), ...world.runs("load")].filter(
        ({ status }) => status === "running" || status === "queued" || status === "retrying",
      );
      expect(open, `stopped after ${atMs} ms`).toEqual([]);
      expect(world.watch.violations).toEqual([]);
      expect(world.errors).toEqual([]);
    }
  });

  it("cancels the runs of other jobs that its steps wait for", async () => {
    const world = new WorkflowWorld();
    world.steps.set("load", () => takes(60_000));
    await world.define({ name: "load" });
    await world.defineWorkflow("etl", workflow({ c: { workflow: { job: "load" } } }));
    const run = await world.start("etl");
    await world.advance(2_000);
    await cancelRun(world.core, run, OPS);
    await world.advance(5_000);
    expect(world.runs("load")).toMatchObject([{ status: "cancelled" }]);
    expect(await world.ended(run)).toMatchObject({ status: "cancelled" });
  });

  it("before it has begun ends it at once", async () => {
    const world = new WorkflowWorld();
    await world.defineWorkflow("etl", workflow({ a: {} }));
    await pauseJob(world.core, NAMESPACE, "etl", {});
    await resumeJob(world.core, NAMESPACE, "etl", { missed: "now" });
    const run = await world.start("etl");
    expect(await cancelRun(world.core, run, OPS)).toMatchObject({ kind: "cancelled" });
    await world.advance(5_000);
    expect(world.begunSteps()).toEqual([]);
  });
});

describe("pausing a workflow", () => {
  it("keeps steps from beginning until it is resumed, and lets open ones end", async () => {
    const world = new WorkflowWorld();
    world.steps.set("a", () => takes(3_000));
    await world.defineWorkflow("etl", workflow({ a: {}, b: { needs: ["a"] } }));
    const run = await world.start("etl");
    await world.advance(1_000);
    await pauseWorkflow(world.core, run, { by: "ops", note: "database is down" });
    await world.advance(60_000);
    expect(world.statuses(run)).toEqual({ a: "succeeded" });
    expect(await whyRun(world.core, run)).toMatchObject([{ code: "workflowPaused" }, { code: "waitingForSteps" }]);
    await resumeWorkflow(world.core, run);
    await world.advance(2_000);
    expect(await world.ended(run)).toMatchObject({ status: "succeeded" });
  });

  it("holds steps that are queued, and items that have not begun", async () => {
    const world = new WorkflowWorld();
    world.steps.set("each", () => takes(2_000));
    await world.defineWorkflow("etl", workflow({ each: { map: { over: "[1, 2, 3, 4, 5]", concurrency: 1 } } }));
    const run = await world.start("etl");
    await world.advance(1_000);
    await pauseWorkflow(world.core, run, OPS);
    await world.advance(30_000);
    expect(world.itemsOf(run, "each")).toHaveLength(1);
    await resumeWorkflow(world.core, run);
    await world.advance(12_000);
    expect(await world.ended(run)).toMatchObject({ status: "succeeded" });
  });

  it("keeps steps from expiring, whose time to wait for a worker begins anew", async () => {
    const world = new WorkflowWorld({ workers: 0 });
    await world.defineWorkflow("etl", workflow({ a: { timeouts: { queue: "20s" } } }));
    const run = await world.start("etl");
    await world.advance(5_000);
    await pauseWorkflow(world.core, run, OPS);
    await world.advance(120_000);
    world.addWorker();
    await resumeWorkflow(world.core, run);
    await world.advance(5_000);
    expect(await world.ended(run)).toMatchObject({ status: "succeeded" });
  });

  it("is not the pause of its job, which concerns runs that have not begun", async () => {
    const world = new WorkflowWorld();
    world.steps.set("a", () => takes(3_000));
    await world.defineWorkflow("etl", workflow({ a: {}, b: { needs: ["a"] } }));
    const run = await world.start("etl");
    await world.advance(1_000);
    await pauseJob(world.core, NAMESPACE, "etl", {});
    await world.advance(10_000);
    expect(await world.ended(run)).toMatchObject({ status: "succeeded" });
  });

  it("is refused for what is no workflow's run, has not begun or has ended", async () => {
    const world = new WorkflowWorld();
    await world.define({ name: "plain" });
    await world.defineWorkflow("etl", workflow({ a: {} }));
    const [plain, etl] = [await world.start("plain"), await world.start("etl")];
    await expect(pauseWorkflow(world.core, plain, OPS)).rejects.toMatchObject({ code: "not-a-workflow" });
    await expect(pauseWorkflow(world.core, etl, OPS)).rejects.toMatchObject({ code: "run-not-running" });
    await world.advance(5_000);
    await expect(pauseWorkflow(world.core, etl, OPS)).rejects.toMatchObject({ code: "run-already-final" });
  });
});

describe("an approval", () => {
  it("lets the workflow go on when it is given", async () => {
    const { world, run, step } = await approving({});
    expect(await whyRun(world.core, step)).toMatchObject([{ code: "waitingForApproval" }]);
    await world.advance(3_600_000, { stepMs: 60_000 });
    await decideApproval(world.core, step, { by: "boss", isApproved: true, note: "go" });
    await world.advance(1_000);
    expect(await world.find(step)).toMatchObject({ result: { approved: true, by: "boss", note: "go" } });
    expect(await world.ended(run)).toMatchObject({ status: "succeeded" });
  });

  it("fails its step when it is refused", async () => {
    const { world, run, step } = await approving({});
    await decideApproval(world.core, step, { by: "ops", isApproved: false });
    await world.advance(1_000);
    expect(await world.find(step)).toMatchObject({ status: "failed", error: { name: "REJECTED" } });
    expect(await world.ended(run)).toMatchObject({ status: "failed" });
    expect(world.begunSteps()).toEqual([]);
  });

  it("is only for those who are named, and only once", async () => {
    const { world, step } = await approving({});
    const by = (name: string) => decideApproval(world.core, step, { by: name, isApproved: true });
    await expect(by("mallory")).rejects.toMatchObject({ code: "not-an-approver" });
    await by("ops");
    await expect(by("boss")).rejects.toMatchObject({ code: "run-already-final" });
  });

  it("expires at its instant, as it says", async () => {
    for (const [onExpiry, status] of [
      ["reject", "failed"],
      ["approve", "succeeded"],
    ] as const) {
      const { world, run, step } = await approving({ expiresAfter: "10m", onExpiry });
      await world.advance(598_000, { stepMs: 1_000 });
      expect(await world.find(step)).toMatchObject({ status: "running" });
      await world.advance(5_000);
      expect(await world.ended(run)).toMatchObject({ status });
    }
  });
});

describe("marking a step", () => {
  it("that has not begun, or waits, ends it as people say", async () => {
    const world = new WorkflowWorld();
    world.steps.set("a", () => takes(3_000));
    await world.defineWorkflow(
      "etl",
      workflow({ a: {}, b: { needs: ["a"] }, w: { wait: { for: "1h" } }, c: { needs: ["b", "w"] } }),
    );
    const run = await world.start("etl");
    await world.advance(1_000);
    await markStep(world.core, stepKey(run, "b"), { as: "succeeded", by: "ops", note: "done by hand" });
    await markStep(world.core, stepKey(run, "w"), { as: "succeeded", by: "ops" });
    await world.advance(1_000);
    expect(world.begunSteps()).toEqual(["a", "c"]);
    await world.advance(5_000);
    expect(await world.step(run, "b")).toMatchObject({
      status: "succeeded",
      mark: { by: "ops", note: "done by hand" },
    });
    expect(await world.ended(run)).toMatchObject({ status: "succeeded" });
  });

  it("that waits leaves it out", async () => {
    const world = new WorkflowWorld();
    await world.defineWorkflow("etl", workflow({ w: { wait: { for: "1h" } }, b: { needs: ["w"], rule: "allEnded" } }));
    const run = await world.start("etl");
    await world.advance(1_000);
    await markStep(world.core, stepKey(run, "w"), { as: "skipped", by: "ops" });
    await world.advance(2_000);
    expect(world.statuses(run)).toEqual({ w: "skipped", b: "succeeded" });
    expect(world.watch.violations).toEqual([]);
  });

  it("is refused for one that is under way, has ended or does not exist", async () => {
    const world = new WorkflowWorld();
    world.steps.set("a", () => takes(3_000));
    await world.defineWorkflow("etl", workflow({ a: {}, b: {} }));
    const run = await world.start("etl");
    await world.advance(1_000);
    const mark = (name: string) => markStep(world.core, stepKey(run, name), { as: "skipped", by: "ops" });
    await expect(mark("a")).rejects.toMatchObject({ code: "step-under-way" });
    await expect(mark("b")).rejects.toMatchObject({ code: "run-already-final" });
    await expect(mark("none")).rejects.toMatchObject({ code: "run-not-found" });
    await expect(markStep(world.core, run, { as: "skipped", by: "ops" })).rejects.toMatchObject({ code: "not-a-step" });
  });
});

describe("redriving a workflow", () => {
  it("runs what has failed and what comes after it, and nothing that has succeeded", async () => {
    const { world, run } = await broken();
    world.steps.set("b", () => takes(100));
    const again = await redriveWorkflow(world.core, run, PLAIN);
    await world.advance(5_000);
    expect(world.begunSteps()).toEqual(["b", "c"]);
    expect(await world.ended(again)).toMatchObject({
      status: "succeeded",
      cause: "rerun",
      slotAtMs: run.slotAtMs,
      parameters: { day: "x" },
    });
    expect((await world.step(again, "c")).parameters).toMatchObject({ n: 3 });
    expect(await world.step(again, "a")).toMatchObject({ origin: { redriveOf: `default.etl@${run.stamp}.a` } });
    expect(await world.ended(run)).toMatchObject({ status: "failed" });
  });

  it("takes steps as people mark them, and runs those that they name", async () => {
    const { world, run } = await broken();
    const marked = await redriveWorkflow(world.core, run, { ...PLAIN, marks: { b: "succeeded" } });
    await world.advance(5_000);
    expect(world.begunSteps()).toEqual(["c"]);
    expect(await world.ended(marked)).toMatchObject({ status: "succeeded" });
    world.begun.length = 0;
    world.steps.set("b", () => takes(100));
    await redriveWorkflow(world.core, marked, { ...PLAIN, from: ["a"] });
    await world.advance(5_000);
    expect(world.begunSteps()).toEqual(["a", "b", "c"]);
  });

  it("goes on under the definition of then, or of now", async () => {
    const { world, run } = await broken();
    world.steps.set("b", () => takes(100));
    await world.defineWorkflow("etl", workflow({ a: {}, b: { needs: ["a"] }, x: { needs: ["b"] } }));
    const same = await redriveWorkflow(world.core, run, PLAIN);
    await world.advance(5_000);
    const latest = await redriveWorkflow(world.core, run, { ...PLAIN, definition: "latest" });
    await world.advance(5_000);
    expect(world.begunSteps()).toEqual(["b", "c", "b", "x"]);
    expect([same.version, latest.version]).toEqual([1, 2]);
  });

  it("of a map runs only the items that have not succeeded", async () => {
    const world = new WorkflowWorld();
    let isBroken = true;
    world.steps.set("each", (run) =>
      isBroken && run.stamp.endsWith(".2") ? fails() : takes(100, run.stamp.slice(-1)),
    );
    await world.defineWorkflow(
      "etl",
      workflow({ each: { map: { over: "[1, 2, 3, 4]" } } }, { outputs: { all: "steps.each.output" } }),
    );
    const run = await world.start("etl");
    await world.advance(5_000);
    expect(await world.ended(run)).toMatchObject({ status: "failed" });
    isBroken = false;
    world.begun.length = 0;
    const again = await redriveWorkflow(world.core, run, PLAIN);
    await world.advance(5_000);
    expect(world.begunSteps()).toEqual(["each.2"]);
    expect(await world.ended(again)).toMatchObject({ status: "succeeded", result: { all: ["0", "1", "2", "3"] } });
    const third = await redriveWorkflow(world.core, again, { ...PLAIN, from: ["each"] });
    await world.advance(5_000);
    expect(await world.ended(third)).toMatchObject({ status: "succeeded" });
  });

  it("is refused while the run goes on, when nothing has failed, and for names that there are not", async () => {
    const world = new WorkflowWorld();
    world.steps.set("a", () => takes(2_000));
    await world.defineWorkflow("etl", workflow({ a: {} }));
    const run = await world.start("etl");
    await world.advance(1_000);
    await expect(redriveWorkflow(world.core, run, PLAIN)).rejects.toMatchObject({ code: "run-not-final" });
    await world.advance(5_000);
    await expect(redriveWorkflow(world.core, run, PLAIN)).rejects.toMatchObject({ code: "nothing-to-redrive" });
    await expect(redriveWorkflow(world.core, run, { ...PLAIN, from: ["b"] })).rejects.toMatchObject({
      code: "unknown-reference",
      pointer: "/from/0",
    });
    await expect(rerun(world.core, stepKey(run, "a"), {})).rejects.toMatchObject({ code: "run-is-step" });
  });

  it("after a stop at any step runs the rest, and each step once in all", async () => {
    for (let stopAtMs = 0; stopAtMs <= 5_000; stopAtMs += 500) {
      const world = new WorkflowWorld({ seed: stopAtMs });
      for (const name of ["a", "b", "c"]) world.steps.set(name, () => takes(900));
      await world.defineWorkflow("etl", workflow({ a: {}, b: { needs: ["a"] }, c: { needs: ["b"] } }));
      const run = await world.start("etl");
      await world.advance(stopAtMs);
      const result = await cancelRun(world.core, run, OPS);
      await world.advance(10_000);
      const done = world.stepsOf(run).filter(({ status }) => status === "succeeded").length;
      // One that never began is rerun as a whole.
      if (result.kind === "cancelled" || (await world.ended(run)).status === "succeeded") continue;
      world.begun.length = 0;
      const again = await redriveWorkflow(world.core, run, PLAIN);
      await world.advance(10_000);
      expect(await world.ended(again)).toMatchObject({ status: "succeeded" });
      expect(world.begunSteps(), `stopped after ${stopAtMs} ms`).toHaveLength(3 - done);
    }
  });
});

describe("the steps of a run", () => {
  it("are shown with what they wait for, and the path that determined the end", async () => {
    const world = new WorkflowWorld();
    world.steps.set("a", () => takes(1_000));
    world.steps.set("b", () => takes(3_000));
    await world.defineWorkflow("etl", workflow({ a: {}, b: {}, c: { needs: ["a", "b"] } }, { finally: { clean: {} } }));
    const run = await world.start("etl");
    await world.advance(2_000);
    const early = await readSteps(world.core, keyOf(run));
    expect(early.steps.map(({ step, run: one, waitsFor }) => [step.name, one?.status, waitsFor])).toEqual([
      ["a", "succeeded", []],
      ["b", "running", []],
      ["c", undefined, ["b"]],
      ["clean", undefined, ["b", "c"]],
    ]);
    await world.advance(5_000);
    const { criticalPath } = await readSteps(world.core, keyOf(run));
    expect(criticalPath.map(({ step }) => step)).toEqual(["b", "c", "clean"]);
  });
});
