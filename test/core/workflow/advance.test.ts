import { describe, expect, it } from "vitest";
import { advance } from "../../../core/workflow/advance.ts";
import type { StepState } from "../../../core/workflow/step-state.ts";
import { going, WorkflowRun } from "../../support/workflow-run.ts";
import { aPlan } from "../../support/workflows.ts";

const FAILED = { status: "failed" } as const;

describe("advance()", () => {
  it("starts each step of a line when the one before has ended", () => {
    const run = new WorkflowRun(aPlan({ c: { needs: ["b"] }, a: {}, b: { needs: ["a"] } }));

    expect(run.started).toEqual(["a"]);
    expect(run.end("a")).toEqual(["b"]);
    expect(run.end("b")).toEqual(["c"]);
    expect(run.last.end).toBeUndefined();
    expect(run.end("c")).toEqual([]);
    expect(run.last.end).toEqual({ status: "succeeded", outputs: {} });
  });

  it("joins the arms of a diamond once both have ended", () => {
    const run = new WorkflowRun(aPlan({ a: {}, b: { needs: ["a"] }, c: { needs: ["a"] }, d: { needs: ["b", "c"] } }));

    expect(run.end("a")).toEqual(["b", "c"]);
    expect(run.end("c")).toEqual([]);
    expect(run.end("b")).toEqual(["d"]);
  });

  it("starts a step when its own needs have ended, though others of their level are open", () => {
    const run = new WorkflowRun(aPlan({ a: {}, b: {}, c: { needs: ["a"] }, d: { needs: ["a", "b"] } }));

    expect(run.started).toEqual(["a", "b"]);
    expect(run.end("a")).toEqual(["c"]);
    expect(run.end("b")).toEqual(["d"]);
  });

  it("fans out to 200 steps and in again", () => {
    const names = Array.from({ length: 200 }, (_, index) => `s${index}`);
    const middle = Object.fromEntries(names.map((name) => [name, { needs: ["first"] }]));
    const run = new WorkflowRun(aPlan({ first: {}, ...middle, last: { needs: names } }));

    expect(run.end("first")).toEqual(names);
    expect(names.flatMap((name) => run.end(name))).toEqual(["last"]);
  });

  it("blocks all that rests on a failure in one call, and fails the workflow when the rest has ended", () => {
    const run = new WorkflowRun(aPlan({ a: {}, b: { needs: ["a"] }, c: { needs: ["b"] }, d: {} }));

    run.fail("a");
    expect(run.last.settle).toEqual([
      { step: "b", as: "blocked", by: "a" },
      { step: "c", as: "blocked", by: "b" },
    ]);
    expect(run.last.end).toBeUndefined();
    run.end("d");
    expect(run.last.end).toEqual({ status: "failed", error: { name: "STEP_FAILED", message: 'Step "a" failed' } });
  });

  it("fails the workflow for a failure that a later step has answered", () => {
    const run = new WorkflowRun(aPlan({ a: {}, b: { needs: ["a"], rule: "anyFailed" } }));

    expect(run.fail("a")).toEqual(["b"]);
    run.end("b");
    expect(run.last.end?.status).toBe("failed");
  });

  it("takes a failure that is allowed for a success", () => {
    const run = new WorkflowRun(
      aPlan({ a: { allowFailure: true }, b: { needs: ["a"] } }, { onError: { alarm: {} }, finally: { tidy: {} } }),
    );

    expect(run.fail("a")).toEqual(["b"]);
    expect(run.end("b")).toEqual(["tidy"]);
    run.end("tidy");
    expect(run.statuses).toMatchObject({ a: "failed", alarm: "skipped" });
    expect(run.last.end?.status).toBe("succeeded");
  });

  it("does the same again when it is asked again before anything was carried out", () => {
    const plan = aPlan({ a: {}, b: { needs: ["a"] }, c: { needs: ["b"] }, d: { needs: ["a"], rule: "anyFailed" } });
    const states = new Map([["a", FAILED]]);

    expect(advance(plan, states, going())).toEqual(advance(plan, states, going()));
    expect([...states.keys()]).toEqual(["a"]);
  });

  it("goes on from any part of its settlements as from none", () => {
    const plan = aPlan({ a: {}, b: { needs: ["a"] }, c: { needs: ["b"] }, d: { needs: ["c"], rule: "allEnded" } });

    expect(advance(plan, new Map([["a", FAILED]]), going())).toMatchObject({
      settle: [{ step: "b" }, { step: "c" }],
      start: ["d"],
    });
    const half = new Map<string, StepState>([
      ["a", FAILED],
      ["b", { status: "blocked" }],
    ]);
    expect(advance(plan, half, going())).toMatchObject({ settle: [{ step: "c" }], start: ["d"] });
  });
});

describe("a condition", () => {
  it("that is false skips its step, and what needs it", () => {
    const plan = aPlan({ a: { when: 'parameters.region == "eu"' }, b: { needs: ["a"] } });
    const run = new WorkflowRun(plan, { parameters: { region: "us" } });

    expect(run.last.settle).toEqual([
      { step: "a", as: "skipped", reason: "when" },
      { step: "b", as: "skipped", reason: "rule" },
    ]);
    expect(run.last.end?.status).toBe("succeeded");
  });

  it("that has no value fails its step", () => {
    const run = new WorkflowRun(
      aPlan({ a: { when: "parameters.region.size() > 1" }, b: { needs: ["a"], rule: "anyFailed" } }),
    );

    expect(run.last.settle).toEqual([
      {
        step: "a",
        as: "failed",
        error: {
          name: "EXPRESSION_ERROR",
          message: 'Cannot evaluate "parameters.region.size() > 1": No such key: region',
        },
      },
    ]);
    expect(run.last.start).toEqual(["b"]);
  });

  it("is asked only once the rule lets the step run", () => {
    const run = new WorkflowRun(aPlan({ a: {}, b: { needs: ["a"], when: "steps.a.output.rows > 10" } }));

    expect(run.last).toMatchObject({ settle: [], start: ["a"] });
    expect(run.end(["a", { status: "succeeded", output: { rows: 11 } }])).toEqual(["b"]);
  });
});

describe("a switch", () => {
  const plan = aPlan({
    a: {},
    route: {
      needs: ["a"],
      switch: {
        cases: [
          { when: 'steps.a.output == "big"', choose: ["big", "both"] },
          { when: 'steps.a.output == "small"', choose: ["small", "both"] },
        ],
        default: ["other"],
      },
    },
    big: { needs: ["route"] },
    small: { needs: ["route"] },
    both: { needs: ["route"], rule: "noneFailed" },
    other: { needs: ["route"], rule: "always" },
    free: { needs: ["route"] },
  });

  it.each([
    { output: "big", starts: ["big", "both", "free"] },
    { output: "small", starts: ["small", "both", "free"] },
    { output: "odd", starts: ["other", "free"] },
  ])("that sees $output chooses $starts", ({ output, starts }) => {
    const run = new WorkflowRun(plan);

    expect(run.end(["a", { status: "succeeded", output }])).toEqual(starts);
    expect(run.last.settle).toContainEqual({
      step: "route",
      as: "succeeded",
      output: starts.filter((name) => name !== "free"),
    });
    for (const name of ["big", "small", "both", "other"].filter((one) => !starts.includes(one))) {
      expect(run.last.settle).toContainEqual({ step: name, as: "skipped", reason: "switch" });
    }
  });

  it("that is skipped or blocked leaves those that it could have chosen to their rules", () => {
    const run = new WorkflowRun(plan);

    expect(run.fail("a")).toEqual(["other"]);
    expect(run.statuses).toMatchObject({ route: "blocked", big: "blocked", both: "blocked" });
  });

  it("is heard before an early rule, in whichever order it and the other needs end", () => {
    const early = aPlan({
      a: {},
      route: { needs: ["a"], switch: { cases: [{ when: "steps.a.output", choose: ["z"] }] } },
      b: {},
      z: { needs: ["route", "b"], rule: "anySucceeded" },
    });
    const no = ["a", { status: "succeeded", output: false }] as const;
    const [first, second] = [new WorkflowRun(early), new WorkflowRun(early)];

    first.end("b");
    first.end(no);
    second.end(no);
    second.end("b");
    expect(first.statuses.z).toBe("skipped");
    expect(second.statuses).toEqual(first.statuses);
  });

  it("whose condition has no value fails", () => {
    const run = new WorkflowRun(plan);

    run.end("a");
    expect(run.statuses.route).toBe("failed");
    expect(run.last.settle[0]).toMatchObject({ as: "failed", error: { name: "EXPRESSION_ERROR" } });
  });
});

describe("phases", () => {
  const plan = aPlan(
    { a: {}, b: {} },
    { onError: { alarm: {}, undo: { needs: ["alarm"] } }, finally: { tidy: { when: 'steps.a.status != "waiting"' } } },
  );

  it("without a failure leave onError out", () => {
    const run = new WorkflowRun(plan);

    expect(run.end("a")).toEqual([]);
    expect(run.end("b")).toEqual(["tidy"]);
    expect(run.last.settle).toEqual([
      { step: "alarm", as: "skipped", reason: "phase" },
      { step: "undo", as: "skipped", reason: "phase" },
    ]);
    run.end("tidy");
    expect(run.last.end?.status).toBe("succeeded");
  });

  it("after a failure run onError once all main steps have ended, then finally", () => {
    const run = new WorkflowRun(plan);

    expect(run.fail("a")).toEqual([]);
    expect(run.end("b")).toEqual(["alarm"]);
    expect(run.end("alarm")).toEqual(["undo"]);
    expect(run.end("undo")).toEqual(["tidy"]);
    run.end("tidy");
    expect(run.last.end?.status).toBe("failed");
  });

  it("run finally after a failure in onError too", () => {
    const run = new WorkflowRun(plan);

    run.end(["a", FAILED], "b");
    expect(run.fail("alarm")).toEqual(["tidy"]);
    expect(run.statuses.undo).toBe("blocked");
  });

  it("fail the workflow for a failure in finally", () => {
    const run = new WorkflowRun(plan);

    run.end("a", "b");
    run.fail("tidy");
    expect(run.last.end).toMatchObject({ status: "failed", error: { message: 'Step "tidy" failed' } });
  });
});

describe("a workflow that is paused", () => {
  const plan = aPlan({
    a: {},
    b: { needs: ["a"] },
    no: { needs: ["a"], when: "false" },
    dead: { needs: ["no"] },
    early: { needs: ["a", "c"], rule: "anySucceeded", when: 'steps.c.status == "failed"' },
    c: {},
  });

  it("starts nothing, and settles what time cannot change", () => {
    const run = new WorkflowRun(plan);
    run.to("paused");

    expect(run.end("a")).toEqual([]);
    expect(run.last.settle).toEqual([
      { step: "no", as: "skipped", reason: "when" },
      { step: "dead", as: "skipped", reason: "rule" },
    ]);
    run.fail("c");
    expect(run.last).toEqual({ settle: [], start: [] });
    expect(run.to("going")).toEqual(["b", "early"]);
  });

  it("ends when there is nothing left to start", () => {
    const run = new WorkflowRun(aPlan({ a: {} }));
    run.to("paused");
    run.end("a");

    expect(run.last.end?.status).toBe("succeeded");
  });
});

describe("a workflow that is being stopped", () => {
  it("starts only steps that run always, after all before them have ended, and finally, and ends cancelled", () => {
    const run = new WorkflowRun(
      aPlan(
        {
          a: {},
          b: { needs: ["a"] },
          save: { needs: ["b"], rule: "always" },
          late: { needs: ["b"], rule: "allEnded" },
        },
        { onError: { alarm: {}, more: { rule: "always" } }, finally: { tidy: {} } },
      ),
    );

    expect(run.to("stopping")).toEqual([]);
    expect(run.statuses).toEqual({ a: "open" });
    expect(run.fail("a")).toEqual(["save"]);
    expect(run.statuses).toEqual({ a: "failed", b: "skipped", save: "open", late: "skipped" });
    expect(run.end("save")).toEqual(["tidy"]);
    expect(run.last.settle).toEqual([
      { step: "alarm", as: "skipped", reason: "stopped" },
      { step: "more", as: "skipped", reason: "stopped" },
    ]);
    run.end("tidy");
    expect(run.last.end).toEqual({ status: "cancelled" });
  });

  it("lets an onError that has begun end with its steps that run always", () => {
    const run = new WorkflowRun(
      aPlan(
        { a: {} },
        { onError: { alarm: {}, next: { needs: ["alarm"] }, close: { needs: ["alarm"], rule: "always" } } },
      ),
    );
    run.fail("a");

    expect(run.to("stopping")).toEqual([]);
    expect(run.fail("alarm")).toEqual(["close"]);
    expect(run.statuses.next).toBe("skipped");
  });
});

describe("outputs", () => {
  it("are evaluated when the workflow has succeeded", () => {
    const run = new WorkflowRun(
      aPlan({ a: {} }, { outputs: { total: "steps.a.output.rows + 1", at: "slot" }, finally: { f: {} } }),
      { slotAtMs: Date.UTC(2026, 2, 8, 3) },
    );
    run.end(["a", { status: "succeeded", output: { rows: 41 } }]);
    run.end("f");

    expect(run.last.end).toEqual({ status: "succeeded", outputs: { total: 42, at: "2026-03-08T03:00:00.000Z" } });
  });

  it("that have no value fail it", () => {
    const run = new WorkflowRun(aPlan({ a: {} }, { outputs: { total: "steps.a.output.rows" } }));
    run.end("a");

    expect(run.last.end).toMatchObject({ status: "failed", error: { name: "EXPRESSION_ERROR" } });
  });
});
