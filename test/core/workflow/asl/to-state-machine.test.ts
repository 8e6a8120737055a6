import { describe, expect, it } from "vitest";
import { toStateMachine } from "../../../../core/workflow/asl/to-state-machine.ts";
import { transitionsOf } from "../../../../core/workflow/asl/transitions.ts";
import type { Sequence, StateMachine } from "../../../../core/workflow/asl/state-machine.ts";
import { getStep, type WorkflowPlan } from "../../../../core/workflow/plan.ts";
import { WorkflowError } from "../../../../core/workflow/workflow-error.ts";
import { problemsOf } from "../../../support/states-language.ts";
import { fan, graph } from "../../../support/workflow-graphs.ts";
import { aPlan } from "../../../support/workflows.ts";

const QUEUE_URL = "https://sqs.eu-west-1.amazonaws.com/123456789012/carillon-reached";

describe("toStateMachine()", () => {
  it("makes a Task of a step that sends its token, waits, and sends another each hour", () => {
    expect(compile(aPlan({ load: {} }))).toEqual({
      Comment: "1 step. Carillon starts it and answers its state; nothing is decided here",
      StartAt: "load",
      States: {
        load: {
          Type: "Task",
          Comment: "command; needs nothing; rule allSucceeded",
          Resource: "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
          Parameters: {
            QueueUrl: QUEUE_URL,
            MessageBody: {
              v: 1,
              "run.$": "$$.Execution.Input.run",
              step: "load",
              "token.$": "$$.Task.Token",
              "retries.$": "$$.State.RetryCount",
            },
          },
          ResultPath: null,
          TimeoutSeconds: 99_999_999,
          HeartbeatSeconds: 3_600,
          Retry: [
            {
              ErrorEquals: ["States.HeartbeatTimeout"],
              IntervalSeconds: 1,
              BackoffRate: 1,
              MaxAttempts: 99_999_999,
            },
          ],
          End: true,
        },
      },
    });
  });

  it("sends tokens less often the more steps may be open at once, so that all of them can wait for days", () => {
    // One before and one after those side by side.
    const heartbeats = [48, 49, 498, 998].map((width) => compile(aPlan(fan(width))).States["first"]);

    expect(heartbeats).toMatchObject([3_600, 7_200, 36_000, 72_000].map((seconds) => ({ HeartbeatSeconds: seconds })));
  });

  it("names the queue's service in the partition that it is for", () => {
    const { States } = toStateMachine(aPlan({ load: {} }), { queueUrl: QUEUE_URL, partition: "aws-cn" });
    expect(States["load"]).toMatchObject({ Resource: "arn:aws-cn:states:::sqs:sendMessage.waitForTaskToken" });
  });

  it("sends a token of what no worker does once a day, so that weeks of waiting fit into a history", () => {
    const { States } = compile(aPlan({ ok: { approval: { by: ["ops"] } } }));
    expect(States["ok"]).toMatchObject({ HeartbeatSeconds: 86_400 });
  });

  it("puts the phases in a row, and says in the names of their states which one it is", () => {
    const plan = aPlan(graph({ a: "", b: "a", c: "a" }), {
      onError: graph({ tell: "", undo: "" }),
      finally: graph({ clean: "", close: "clean" }),
    });
    expect(outlineOf(compile(plan))).toEqual([
      "a",
      { "Parallel 1 (b and c)": [["b"], ["c"]] },
      { "On error 1 (tell and undo)": [["tell (on error)"], ["undo (on error)"]] },
      "clean (finally)",
      "close (finally)",
    ]);
  });

  it("numbers Parallels, and tells of a wide one with what it begins", () => {
    const plan = aPlan({ ...fan(4), ...graph({ x: "last", y: "last", z: "x y" }) });
    expect(outlineOf(compile(plan))).toEqual([
      "first",
      { "Parallel 1 (m0 and 3 more)": [["m0"], ["m1"], ["m2"], ["m3"]] },
      "last",
      { "Parallel 2 (x and y)": [["x"], ["y"]] },
      "z",
    ]);
  });

  it("says of each state what the step is, what it needs and by which rule, and of a Parallel what holds its branches", () => {
    const plan = aPlan({
      list: {},
      each: { map: { over: "steps.list.output" }, needs: ["list"] },
      child: { workflow: { job: "other.job" }, needs: ["list"], rule: "allEnded" },
      pause: { wait: { for: "1h" }, needs: ["each"] },
      upstream: { awaits: { job: "feed" }, needs: ["pause"] },
      until: { wait: { until: "2026-03-08T00:00:00Z" }, needs: ["child", "each"], rule: "anySucceeded" },
      choose: { switch: { cases: [{ when: "true", choose: ["ask"] }] }, needs: ["pause", "until"] },
      ask: { approval: { by: ["ops"] }, needs: ["choose", "child", "each", "pause", "until"], rule: "noneFailed" },
    });
    expect(commentsOf(compile(plan))).toEqual({
      list: "command; needs nothing; rule allSucceeded",
      "Parallel 1 (each and child)": "Steps of one branch also need steps of another",
      each: "map of command; needs list; rule allSucceeded",
      child: "job other.job; needs list; rule allEnded",
      pause: "wait; needs each; rule allSucceeded",
      upstream: "await job feed; needs pause; rule allSucceeded",
      until: "wait; needs child, each; rule anySucceeded",
      choose: "switch; needs pause, until; rule allSucceeded",
      ask: "approval; needs choose, child, each and 2 more; rule noneFailed",
    });
    expect(commentsOf(compile(aPlan(graph({ a: "", b: "" }))))["Parallel 1 (a and b)"]).toBe(
      "Branches are independent of each other",
    );
  });

  it("compiles the same plan to the same definition", () => {
    const [one, other] = [1, 2].map(() => compile(aPlan(graph({ a: "", b: "", c: "a", d: "a b", e: "", f: "e" }))));
    expect(JSON.stringify(one)).toBe(JSON.stringify(other));
  });

  it.each([
    ["the ten steps before", (index: number) => back(index, 10)],
    ["ten of the forty before", (index: number) => back(index, 40).filter((need) => (index - need) % 4 === 0)],
    ["ten of the four hundred before", (index: number) => back(index, 400).filter((need) => (index - need) % 40 === 0)],
    ["both of the pair before", (index: number) => back(index - (index % 2), 2)],
  ])("has room for a thousand steps with the longest names, each of which needs %s", (_, needsOf) => {
    const steps = Array.from({ length: 1_000 }, (_, index) => [
      longName(index),
      { needs: needsOf(index).map(longName) },
    ]);
    const machine = compile(aPlan(Object.fromEntries(steps)), `https://${"q".repeat(200)}`);
    expect(transitionsOf(machine)).toBeLessThanOrEqual(1_500);
    expect(problemsOf(machine)).toEqual([]);
  });

  it.each([
    [
      "more steps than fit",
      copies(aPlan({ a: {} }), 2_001),
      "workflow-too-large",
      "Cannot compile a workflow to a state machine of 2001 steps: at most 2000 fit",
    ],
    [
      "more bytes than fit",
      copies(aPlan({ a: {} }), 2_000, 40),
      "workflow-too-large",
      /^Cannot compile a workflow to a state machine of 1\d{6} bytes: at most 1048576 fit$/,
    ],
    [
      "a name that is too long",
      copies(aPlan({ a: {} }), 1, 81),
      "workflow-invalid",
      `Cannot name a state of Step Functions "0${"x".repeat(80)}": it has 81 characters, at most 80 may be`,
    ],
    [
      "a name that is another state's",
      renamedTo(aPlan({ a: {} }, { finally: { b: {} } }), "a", "b (finally)"),
      "workflow-invalid",
      'Cannot name a state of Step Functions "b (finally)": another state has it too',
    ],
  ])("refuses %s", (_, plan, code, message) => {
    const error = errorOf(() => compile(plan));
    expect(error.code).toBe(code);
    expect(error.pointer).toBe("/executor/steps");
    expect(error.message).toMatch(message);
  });
});

function compile(plan: WorkflowPlan, queueUrl = QUEUE_URL): StateMachine {
  return toStateMachine(plan, { queueUrl });
}

/** The numbers of so many steps before this one. */
function back(index: number, count: number): readonly number[] {
  return Array.from({ length: count }, (_, of) => index - 1 - of).filter((need) => need >= 0);
}

function longName(index: number): string {
  return `${String(index).padStart(4, "0")}-`.padEnd(40, "x");
}

type Outline = (string | Record<string, Outline[]>)[];

/** Names of states in their order; of a Parallel with those of its branches. */
function outlineOf({ StartAt, States }: Sequence): Outline {
  const outline: Outline = [];
  for (let name: string | undefined = StartAt; name !== undefined;) {
    const state: Sequence["States"][string] | undefined = States[name];
    if (state === undefined) throw new Error(`There is no state ${name}`);
    outline.push(state.Type === "Parallel" ? { [name]: state.Branches.map(outlineOf) } : name);
    name = "Next" in state ? state.Next : undefined;
  }
  return outline;
}

function commentsOf({ States }: Sequence): Record<string, string> {
  return Object.assign(
    {},
    ...Object.entries(States).map(([name, state]) => ({
      [name]: state.Comment,
      ...(state.Type === "Parallel" && Object.assign({}, ...state.Branches.map(commentsOf))),
    })),
  ) as Record<string, string>;
}

/** A plan of so many steps like its only one, which no definition could have. */
function copies(plan: WorkflowPlan, count: number, nameLength = 1): WorkflowPlan {
  const step = getStep(plan, "a");
  const names = Array.from({ length: count }, (_, index) => String(index).padEnd(nameLength, "x"));
  return {
    ...plan,
    order: { ...plan.order, main: names },
    steps: new Map(names.map((name) => [name, { ...step, name }])),
  };
}

function renamedTo(plan: WorkflowPlan, from: string, name: string): WorkflowPlan {
  const steps = [...plan.steps.values()].map((step) => (step.name === from ? { ...step, name } : step));
  return { ...plan, order: { ...plan.order, main: [name] }, steps: new Map(steps.map((step) => [step.name, step])) };
}

function errorOf(act: () => unknown): WorkflowError {
  try {
    act();
  } catch (error) {
    if (error instanceof WorkflowError) return error;
    throw error;
  }
  throw new Error("Nothing was refused");
}
