import { describe, expect, it } from "vitest";
import { whyRun } from "../../../core/services/why.ts";
import { fails, takes, workflow, WorkflowWorld } from "../../support/workflow-world.ts";
import { START_MS } from "../../support/world.ts";

describe("a workflow", () => {
  it("runs each step once, after those that it needs, and gives its outputs", async () => {
    const world = new WorkflowWorld();
    world.steps.set("a", () => takes(100, { rows: 3 }));
    await world.defineWorkflow(
      "etl",
      workflow({ a: {}, b: { needs: ["a"] }, c: { needs: ["b"] } }, { outputs: { rows: "steps.a.output.rows" } }),
    );
    const run = await world.start("etl");
    await world.advance(5_000);

    expect(world.begunSteps()).toEqual(["a", "b", "c"]);
    expect(await world.ended(run)).toMatchObject({ status: "succeeded", result: { rows: 3 }, attempt: 1 });
    expect(world.errors).toEqual([]);
    expect(world.watch.violations).toEqual([]);
  });

  it("starts a step when its own needs have ended, not with its level", async () => {
    const world = new WorkflowWorld();
    world.steps.set("a", () => takes(500));
    world.steps.set("b", () => takes(60_000));
    await world.defineWorkflow("n", workflow({ a: {}, b: {}, c: { needs: ["a"] }, d: { needs: ["a", "b"] } }));
    const run = await world.start("n");
    await world.advance(5_000);
    expect(world.statuses(run)).toEqual({ a: "succeeded", b: "running", c: "succeeded" });
    await world.advance(60_000);
    expect(world.begunSteps()).toEqual(["a", "b", "c", "d"]);
    expect(await world.ended(run)).toMatchObject({ status: "succeeded" });
  });

  it("fires on its schedule like any job, and accounts for every slot", async () => {
    const world = new WorkflowWorld();
    await world.defineWorkflow("etl", workflow({ a: {}, b: { needs: ["a"] } }), { schedule: { every: "10s" } });
    await world.advance(65_000);
    expect(world.fired("etl")).toEqual([10_000, 20_000, 30_000, 40_000, 50_000, 60_000]);
    expect(await world.ledger("etl")).toMatchObject({ fired: 6, unexplained: 0, outcomes: { succeeded: 6 } });
    expect(world.begunSteps()).toHaveLength(12);
  });

  it("keeps its runs apart as its overlap policy says", async () => {
    const world = new WorkflowWorld();
    world.steps.set("a", () => takes(25_000));
    await world.defineWorkflow("etl", workflow({ a: {} }), { schedule: { every: "10s" } });
    await world.advance(65_000);
    expect(world.fired("etl")).toEqual([10_000, 40_000]);
    expect(await world.ledger("etl")).toMatchObject({ unexplained: 0, skipped: { overlap: 4 } });
  });

  it("is replaced by the next slot's run under cancelPrevious", async () => {
    const world = new WorkflowWorld();
    world.steps.set("a", () => takes(25_000));
    await world.defineWorkflow("etl", workflow({ a: {}, b: { needs: ["a"] } }), {
      schedule: { every: "10s" },
      overlap: "cancelPrevious",
    });
    await world.advance(45_000);
    expect(world.runs("etl").map(({ status }) => status)).toEqual(["cancelled", "cancelled", "cancelled", "running"]);
    expect(world.begunSteps()).toEqual(["a", "a", "a", "a"]);
  });

  it("fails when a step fails, and leaves out what needs it", async () => {
    const world = new WorkflowWorld();
    world.steps.set("a", () => fails());
    await world.defineWorkflow("etl", workflow({ a: {}, b: { needs: ["a"] }, c: {} }));
    const run = await world.start("etl");
    await world.advance(5_000);
    expect(world.statuses(run)).toEqual({ a: "failed", b: "skipped", c: "succeeded" });
    expect(await world.step(run, "b")).toMatchObject({ reason: "blocked", error: { name: "BLOCKED" } });
    expect(await world.ended(run)).toMatchObject({
      status: "failed",
      error: { name: "STEP_FAILED", message: 'Step "a" failed' },
    });
  });

  it("answers a failure with onError, and ends with finally", async () => {
    const world = new WorkflowWorld();
    world.steps.set("a", () => fails());
    await world.defineWorkflow(
      "etl",
      workflow({ a: {}, b: { needs: ["a"] } }, { onError: { undo: {} }, finally: { clean: {} } }),
    );
    const run = await world.start("etl");
    await world.advance(5_000);
    expect(world.begunSteps()).toEqual(["a", "undo", "clean"]);
    expect(await world.ended(run)).toMatchObject({ status: "failed" });
  });

  it("tells the steps after a failure what has failed, and in which run", async () => {
    const world = new WorkflowWorld();
    world.steps.set("a", () => fails());
    await world.defineWorkflow(
      "etl",
      workflow(
        { a: {}, b: { needs: ["a"] } },
        {
          onError: {
            tell: { parameters: { what: "${{ failures }}", why: "${{ steps.a.error.name }}", run: "${{ run }}" } },
          },
        },
      ),
    );
    const run = await world.start("etl");
    await world.advance(5_000);
    expect((await world.step(run, "tell")).parameters).toEqual({
      what: [{ step: "a", name: "BOOM", message: "it broke" }],
      why: "BOOM",
      run: `default.etl@${run.stamp}`,
    });
  });

  it("retries a step as the step says", async () => {
    const world = new WorkflowWorld();
    world.steps.set("a", (run) => (run.attempt < 3 ? fails() : takes(100)));
    const retry = { maxAttempts: 3, backoff: { initial: "2s", jitter: "none" } } as const;
    await world.defineWorkflow("etl", workflow({ a: { retry }, b: { needs: ["a"] } }));
    const run = await world.start("etl");
    await world.advance(20_000);
    expect(world.begunSteps()).toEqual(["a", "a", "a", "b"]);
    expect(await world.ended(run)).toMatchObject({ status: "succeeded" });
    expect((await world.step(run, "a")).attempts.map(({ outcome }) => outcome)).toEqual([
      "failed",
      "failed",
      "succeeded",
    ]);
  });

  it("gives steps their parameters, with macros and expressions, and the workflow's own", async () => {
    const world = new WorkflowWorld();
    world.steps.set("a", () => takes(100, { file: "x{{y}}" }));
    await world.defineWorkflow(
      "etl",
      workflow({
        a: {},
        b: { needs: ["a"], parameters: { file: "${{ steps.a.output.file }}", day: "${{ parameters.day }}" } },
      }),
      { parameters: { day: "{{slot.date}}", region: "eu" } },
    );
    const run = await world.start("etl", { region: "us" });
    await world.advance(5_000);
    // What expressions bring in is never read for macros.
    expect((await world.step(run, "b")).parameters).toEqual({ region: "us", file: "x{{{{y}}", day: "2026-01-05" });
  });

  it("fails when its parameters break the schema of the job, and starts nothing", async () => {
    const world = new WorkflowWorld();
    const parametersSchema = { type: "object", properties: { day: { maxLength: 3 } } };
    const parameters = { day: "{{slot.date}}" };
    const schedule = { every: "10s" } as const;
    await world.defineWorkflow("etl", workflow({ a: {} }), { parametersSchema, parameters, schedule });
    await world.advance(12_000);
    expect(world.runs("etl")).toMatchObject([{ status: "failed", error: { name: "parameters-invalid" } }]);
    expect(world.begunSteps()).toEqual([]);
  });

  it("fails a step whose expression has no value, before it begins", async () => {
    const world = new WorkflowWorld();
    await world.defineWorkflow(
      "etl",
      workflow({ a: {}, b: { needs: ["a"], parameters: { x: "${{ steps.a.output.none }}" } }, c: { needs: ["b"] } }),
    );
    const run = await world.start("etl");
    await world.advance(5_000);
    expect(world.statuses(run)).toEqual({ a: "succeeded", b: "failed", c: "skipped" });
    expect(await world.step(run, "b")).toMatchObject({ attempt: 0, error: { name: "EXPRESSION_ERROR" } });
    expect(await world.ended(run)).toMatchObject({ status: "failed" });
  });

  it("pins its version: an edit meanwhile changes the next run only", async () => {
    const world = new WorkflowWorld();
    world.steps.set("a", () => takes(10_000));
    await world.defineWorkflow("etl", workflow({ a: {}, b: { needs: ["a"] } }));
    const run = await world.start("etl");
    await world.advance(2_000);
    await world.defineWorkflow("etl", workflow({ a: {}, x: { needs: ["a"] } }));
    await world.advance(20_000);
    expect(world.statuses(run)).toEqual({ a: "succeeded", b: "succeeded" });
  });

  it("is stopped when it lasts too long, and ends as timed out", async () => {
    const world = new WorkflowWorld();
    world.steps.set("a", () => takes(600_000));
    await world.defineWorkflow("etl", workflow({ a: {}, b: { needs: ["a"] } }, { finally: { clean: {} } }), {
      timeouts: { run: "30s" },
    });
    const run = await world.start("etl");
    await world.advance(40_000);
    const ended = await world.ended(run);
    expect(ended).toMatchObject({ status: "timedOut", error: { name: "TIMEOUT" } });
    expect(ended.endedAtMs - START_MS).toBeLessThan(33_000);
    expect(world.statuses(run)).toEqual({ a: "cancelled", b: "skipped", clean: "succeeded" });
  });

  it("keeps its steps within limits, as runs of jobs are", async () => {
    const world = new WorkflowWorld();
    for (const name of ["a", "b", "c"]) world.steps.set(name, () => takes(2_000));
    const concurrency = [{ key: "db", scope: "namespace", limit: 1 }] as const;
    const limited = { concurrency: [...concurrency] };
    await world.defineWorkflow("etl", workflow({ a: limited, b: limited, c: limited }));
    world.watch.limits.push({ capacity: 1, weightOf: (run) => (run.worker === undefined ? undefined : 1) });
    const run = await world.start("etl");
    await world.advance(20_000);
    expect(await world.ended(run)).toMatchObject({ status: "succeeded" });
    expect(world.watch.violations).toEqual([]);
  });

  it("explains what it waits for", async () => {
    const world = new WorkflowWorld();
    world.steps.set("a", () => takes(10_000));
    await world.defineWorkflow("etl", workflow({ a: {}, w: { wait: { for: "1h" } } }));
    const run = await world.start("etl");
    await world.advance(2_000);
    expect(await whyRun(world.core, run)).toMatchObject([{ code: "waitingForSteps", evidence: { open: ["a", "w"] } }]);
    const wait = await world.step(run, "w");
    expect(await whyRun(world.core, wait)).toMatchObject([{ code: "waitingUntil" }]);
  });
});

describe("a step that waits", () => {
  it("ends at its instant, and the workflow goes on", async () => {
    const world = new WorkflowWorld();
    await world.defineWorkflow("etl", workflow({ w: { wait: { for: "90s" } }, b: { needs: ["w"] } }));
    const run = await world.start("etl");
    await world.advance(89_000);
    expect(world.begunSteps()).toEqual([]);
    await world.advance(2_000);
    const waited = await world.ended(await world.step(run, "w"));
    expect(waited.endedAtMs - START_MS).toBe(90_000);
    expect(world.begunSteps()).toEqual(["b"]);
  });

  it("ends at once when its instant has passed", async () => {
    const world = new WorkflowWorld();
    await world.defineWorkflow(
      "etl",
      workflow({ w: { wait: { until: "2025-01-01T00:00:00Z" } }, b: { needs: ["w"] } }),
    );
    await world.start("etl");
    await world.advance(1_000);
    expect(world.begunSteps()).toEqual(["b"]);
  });

  it("waits for weeks", async () => {
    const world = new WorkflowWorld();
    await world.defineWorkflow("etl", workflow({ w: { wait: { for: "21d" } } }));
    const run = await world.start("etl");
    await world.advance(20 * 86_400_000, { stepMs: 3_600_000 });
    expect(await world.find(run)).toMatchObject({ status: "running" });
    await world.advance(86_400_000, { stepMs: 600_000 });
    expect(await world.ended(run)).toMatchObject({ status: "succeeded" });
  });
});

describe("a switch", () => {
  it("lets the steps of its first case run that is true, and leaves out the others", async () => {
    const world = new WorkflowWorld();
    const cases = [
      { when: "parameters.n > 10", choose: ["big"] },
      { when: "parameters.n > 5", choose: ["middle"] },
    ];
    await world.defineWorkflow(
      "etl",
      workflow({
        s: { switch: { cases, default: ["small"] } },
        big: { needs: ["s"] },
        middle: { needs: ["s"] },
        small: { needs: ["s"] },
        all: { needs: ["big", "middle", "small"], rule: "noneFailed" },
      }),
    );
    const run = await world.start("etl", { n: 7 });
    await world.advance(3_000);
    expect(world.begunSteps()).toEqual(["middle", "all"]);
    expect(await world.step(run, "s")).toMatchObject({ status: "succeeded", result: ["middle"] });
  });

  it("tells the steps that it starts what it has chosen, and what became of the others", async () => {
    const world = new WorkflowWorld();
    const parameters = { chosen: "${{ steps.s.output }}", left: "${{ steps.b.status }}" };
    await world.defineWorkflow(
      "etl",
      workflow({
        s: { switch: { cases: [{ when: "true", choose: ["a"] }], default: ["b"] } },
        b: { needs: ["s"] },
        a: { needs: ["s"], parameters: { chosen: parameters.chosen } },
        c: { needs: ["b", "s"], rule: "allEnded", parameters },
      }),
    );
    const run = await world.start("etl");
    await world.advance(3_000);
    expect(await world.ended(run)).toMatchObject({ status: "succeeded" });
    expect(await world.step(run, "a")).toMatchObject({ parameters: { chosen: ["a"] } });
    expect(await world.step(run, "c")).toMatchObject({ parameters: { chosen: ["a"], left: "skipped" } });
  });

  it("tells onError which steps were blocked", async () => {
    const world = new WorkflowWorld();
    world.steps.set("a", () => fails());
    await world.defineWorkflow(
      "etl",
      workflow({ a: {}, b: { needs: ["a"] } }, { onError: { tell: { parameters: { b: "${{ steps.b.status }}" } } } }),
    );
    const run = await world.start("etl");
    await world.advance(3_000);
    expect(await world.step(run, "tell")).toMatchObject({ parameters: { b: "blocked" } });
  });
});

describe("a step that runs another job", () => {
  it("waits for its run, and takes its result", async () => {
    const world = new WorkflowWorld();
    world.steps.set("load", () => takes(3_000, { rows: 7 }));
    await world.define({ name: "load" });
    await world.defineWorkflow(
      "etl",
      workflow(
        { c: { workflow: { job: "load", parameters: { day: "{{slot.date}}" } } } },
        { outputs: { n: "steps.c.output.rows" } },
      ),
    );
    const run = await world.start("etl");
    await world.advance(10_000);
    expect(await world.ended(run)).toMatchObject({ status: "succeeded", result: { n: 7 } });
    expect(world.runs("load")).toMatchObject([
      { cause: "workflow", status: "succeeded", slotAtMs: run.slotAtMs, parameters: { day: "2026-01-05" } },
    ]);
  });

  it("goes three deep, and fails from the inside out", async () => {
    const world = new WorkflowWorld();
    world.steps.set("deep", () => fails());
    await world.defineWorkflow("inner", workflow({ deep: {} }));
    await world.defineWorkflow("middle", workflow({ m: { workflow: { job: "inner" } } }));
    await world.defineWorkflow(
      "outer",
      workflow({ o: { workflow: { job: "middle" } }, after: { needs: ["o"], rule: "anyFailed" } }),
    );
    const run = await world.start("outer");
    await world.advance(10_000);
    expect(await world.ended(run)).toMatchObject({ status: "failed" });
    expect(await world.step(run, "o")).toMatchObject({ status: "failed", error: { name: "CHILD_FAILED" } });
    expect(world.begunSteps()).toEqual(["deep", "after"]);
  });

  it("fails when there is no such job, or when it is part of itself", async () => {
    const world = new WorkflowWorld();
    await world.defineWorkflow("etl", workflow({ c: { workflow: { job: "gone" } } }));
    await world.defineWorkflow("a", workflow({ b: { workflow: { job: "b" } } }));
    await world.defineWorkflow("b", workflow({ a: { workflow: { job: "a" } } }));
    const etl = await world.start("etl");
    const a = await world.start("a");
    await world.advance(10_000);
    expect(await world.step(etl, "c")).toMatchObject({ status: "failed", error: { name: "JOB_MISSING" } });
    expect(await world.ended(a)).toMatchObject({ status: "failed" });
    expect(world.runs("a")).toHaveLength(1);
    expect(world.runs("b")).toHaveLength(1);
  });

  it("stands in line where the other job skips what overlaps", async () => {
    const world = new WorkflowWorld();
    world.steps.set("load", () => takes(2_000));
    await world.define({ name: "load" });
    await world.defineWorkflow("etl", workflow({ x: { workflow: { job: "load" } }, y: { workflow: { job: "load" } } }));
    const run = await world.start("etl");
    await world.advance(20_000);
    expect(await world.ended(run)).toMatchObject({ status: "succeeded" });
    expect(world.watch.violations).toEqual([]);
  });
});
