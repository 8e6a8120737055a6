import { describe, expect, it } from "vitest";
import { compileWorkflow } from "../../../core/workflow/compile.ts";
import { workflowExecutorSchema } from "../../../core/workflow/definition.ts";
import { WorkflowError, type WorkflowErrorCode } from "../../../core/workflow/workflow-error.ts";
import { aPlan, aWorkflow, type Steps } from "../../support/workflows.ts";

const choice = (...names: readonly string[]) => ({ cases: [{ when: "true", choose: [...names] }] });
const command = { type: "command", argv: ["true"] } as { type: "command"; argv: string[] };

interface Bad {
  readonly rule: string;
  readonly steps: Steps;
  readonly more?: Parameters<typeof aWorkflow>[1];
  readonly code: WorkflowErrorCode;
  readonly pointer: string;
  readonly message: string;
  readonly position?: number;
}

const BAD: readonly Bad[] = [
  {
    rule: "a cycle, of which a shortest one is told",
    steps: {
      start: {},
      a: { needs: ["start", "e"] },
      b: { needs: ["a"] },
      c: { needs: ["b"] },
      d: { needs: ["c"] },
      e: { needs: ["d", "b"] },
    },
    code: "workflow-cycle",
    pointer: "/executor/steps/a/needs",
    message: "Cannot run steps that wait for each other: a → b → e → a",
  },
  {
    rule: "a cycle of two",
    steps: { main: {} },
    more: { finally: { x: { needs: ["y"] }, y: { needs: ["x"] } } },
    code: "workflow-cycle",
    pointer: "/executor/finally/steps/x/needs",
    message: "Cannot run steps that wait for each other: x → y → x",
  },
  {
    rule: "a need that is no step",
    steps: { a: { needs: ["b"] } },
    code: "workflow-invalid",
    pointer: "/executor/steps/a/needs/0",
    message: 'Cannot let step "a" need "b": there is no such step',
  },
  {
    rule: "a need that is the step itself",
    steps: { a: {}, b: { needs: ["a", "b"] } },
    code: "workflow-invalid",
    pointer: "/executor/steps/b/needs/1",
    message: 'Cannot let step "b" need "b": it is that step itself',
  },
  {
    rule: "a need that is there twice",
    steps: { a: {}, b: { needs: ["a", "a"] } },
    code: "workflow-invalid",
    pointer: "/executor/steps/b/needs/1",
    message: 'Cannot let step "b" need "a": it does already',
  },
  {
    rule: "a need of another phase",
    steps: { a: {} },
    more: { onError: { b: { needs: ["a"] } } },
    code: "workflow-invalid",
    pointer: "/executor/onError/steps/b/needs/0",
    message: 'Cannot let step "b" need "a": it is a step of main, not of onError',
  },
  {
    rule: "one name in two phases",
    steps: { a: {} },
    more: { finally: { a: {} } },
    code: "workflow-invalid",
    pointer: "/executor/finally/steps/a",
    message: 'Cannot use step name "a" twice: /executor/steps/a has it too',
  },
  {
    rule: "a phase without steps",
    steps: { a: {} },
    more: { onError: {} },
    code: "workflow-invalid",
    pointer: "/executor/onError/steps",
    message: "Cannot run a workflow without steps",
  },
  {
    rule: "a choice that does not need its switch",
    steps: { r: { switch: choice("a") }, a: {} },
    code: "workflow-invalid",
    pointer: "/executor/steps/r/switch/cases/0/choose/0",
    message: 'Cannot let switch "r" choose "a": it does not need "r"',
  },
  {
    rule: "a default that is no step",
    steps: { r: { switch: { ...choice("a"), default: ["b"] } }, a: { needs: ["r"] } },
    code: "workflow-invalid",
    pointer: "/executor/steps/r/switch/default/0",
    message: 'Cannot let switch "r" choose "b": there is no such step',
  },
  {
    rule: "a step that does two things",
    steps: { a: { executor: command, wait: { for: "1m" } } },
    code: "workflow-invalid",
    pointer: "/executor/steps/a/wait",
    message: 'Cannot run step "a": it has both `executor` and `wait`',
  },
  {
    rule: "a field that the kind of step does not have",
    steps: { a: { wait: { for: "1m" }, retry: { maxAttempts: 2 } } },
    code: "workflow-invalid",
    pointer: "/executor/steps/a/retry",
    message: 'Cannot use `retry` in step "a": it does not go with `wait`',
  },
  {
    rule: "a wait for nothing",
    steps: { a: { wait: {} } },
    code: "workflow-invalid",
    pointer: "/executor/steps/a/wait",
    message: 'Cannot wait in step "a": it has neither `for` nor `until`',
  },
  {
    rule: "a wait for two things",
    steps: { a: { wait: { for: "1m", until: "2026-03-08T12:00:00Z" } } },
    code: "workflow-invalid",
    pointer: "/executor/steps/a/wait/until",
    message: 'Cannot wait in step "a": it has both `for` and `until`',
  },
  {
    rule: "a wait until something that is no instant",
    steps: { a: { wait: { until: "2026-03-08T12:00:00" } } },
    code: "workflow-invalid",
    pointer: "/executor/steps/a/wait/until",
    message:
      'Cannot wait in step "a": Cannot read until: "2026-03-08T12:00:00" has no offset; add "Z" or such as "+01:00"',
  },
  {
    rule: "anyFailed without needs",
    steps: { a: { rule: "anyFailed" } },
    code: "workflow-invalid",
    pointer: "/executor/steps/a/rule",
    message: 'Cannot use rule anyFailed in step "a": it needs no step that could fail',
  },
  {
    rule: "more than 1,000 steps",
    steps: numbered(1_000),
    more: { finally: { last: {} } },
    code: "workflow-too-large",
    pointer: "/executor/steps",
    message: "Cannot run a workflow of 1001 steps, at most 1000 may be",
  },
  {
    rule: "more than 10,000 needs",
    steps: { ...numbered(101), ...numbered(100, { needs: Object.keys(numbered(101)) }, "t") },
    code: "workflow-too-large",
    pointer: "/executor/steps",
    message: "Cannot run a workflow of 10100 needs, at most 10000 may be",
  },
  {
    rule: "a condition that cannot be read",
    steps: { a: { when: "parameters.a ==" } },
    code: "expression-invalid",
    pointer: "/executor/steps/a/when",
    position: 15,
    message: 'Cannot use expression "parameters.a ==", at 15: Unexpected token: EOF',
  },
  {
    rule: "a condition that is no bool",
    steps: { a: { when: "1 + 1" } },
    code: "expression-invalid",
    pointer: "/executor/steps/a/when",
    position: 0,
    message: 'Cannot use expression "1 + 1", at 0: it gives int, where a bool is needed',
  },
  {
    rule: "an expression that names a step which its own does not need",
    steps: { a: {}, b: {}, c: { needs: ["a"], when: "steps.a.output && steps.b.output" } },
    code: "expression-invalid",
    pointer: "/executor/steps/c/when",
    position: 18,
    message:
      'Cannot use expression "steps.a.output && steps.b.output", at 18: step "c" does not need step "b", directly or through others',
  },
  {
    rule: "an expression that names its own step",
    steps: { a: { when: "steps.a.output" } },
    code: "expression-invalid",
    pointer: "/executor/steps/a/when",
    position: 0,
    message:
      'Cannot use expression "steps.a.output", at 0: step "a" does not need step "a", directly or through others',
  },
  {
    rule: "an expression of a main step that names one of a later phase",
    steps: { a: { parameters: { x: ["${{ steps.f.output }}"] } } },
    more: { finally: { f: {} } },
    code: "expression-invalid",
    pointer: "/executor/steps/a/parameters/x/0",
    position: 4,
    message:
      'Cannot use expression "steps.f.output", at 4: step "a" does not need step "f", directly or through others',
  },
  {
    rule: "a case with an unknown variable",
    steps: { r: { switch: { cases: [{ when: "region == 1", choose: ["a"] }] } }, a: { needs: ["r"] } },
    code: "expression-invalid",
    pointer: "/executor/steps/r/switch/cases/0/when",
    position: 0,
    message: 'Cannot use expression "region == 1", at 0: Unknown variable: region',
  },
  {
    rule: "an item outside a map",
    steps: { a: { workflow: { job: "j", parameters: { x: "${{ item }}" } } } },
    code: "expression-invalid",
    pointer: "/executor/steps/a/workflow/parameters/x",
    position: 4,
    message: 'Cannot use expression "item", at 4: Unknown variable: item',
  },
  {
    rule: "a map over what is no list",
    steps: { a: { map: { over: '"abc"' } } },
    code: "expression-invalid",
    pointer: "/executor/steps/a/map/over",
    position: 0,
    message: 'Cannot use expression "\\"abc\\"", at 0: it gives string, where a list is needed',
  },
  {
    rule: "a wait until a number",
    steps: { a: { wait: { until: "${{ 1 + 2 }}" } } },
    code: "expression-invalid",
    pointer: "/executor/steps/a/wait/until",
    position: 4,
    message: 'Cannot use expression "1 + 2", at 4: it gives int, where a timestamp is needed',
  },
  {
    rule: "an output of no step",
    steps: { a: {} },
    more: { outputs: { "a/b": "steps.z.output" } },
    code: "expression-invalid",
    pointer: "/executor/outputs/a~1b",
    position: 0,
    message: 'Cannot use expression "steps.z.output", at 0: there is no step "z"',
  },
];

describe("compileWorkflow()", () => {
  it.each(BAD)("refuses $rule", ({ steps, more, code, pointer, message, position }) => {
    const error = refusalOf(() => compileWorkflow(aWorkflow(steps, more)));

    expect(error).toBeInstanceOf(WorkflowError);
    expect({ code: error.code, pointer: error.pointer, message: error.message, position: error.position }).toEqual({
      code,
      pointer,
      message,
      position,
    });
  });

  it("refuses a step that does nothing", () => {
    const error = refusalOf(() => compileWorkflow({ type: "workflow", steps: { a: {} } }));

    expect(error.message).toBe(
      'Cannot run step "a": it has none of `executor`, `workflow`, `wait`, `switch`, `approval`, `awaits`',
    );
  });

  it("tells a long cycle in part", () => {
    const ring = Object.fromEntries(
      Array.from({ length: 900 }, (_, index) => [`s${index}`, { needs: [`s${(index + 899) % 900}`] }]),
    );

    expect(refusalOf(() => aPlan(ring)).message).toMatch(/: s0 → s1 → (?:s\d+ → ){18}… → s0$/);
  });

  it("orders steps after those that they need, and otherwise as they are written", () => {
    const plan = aPlan(
      { d: { needs: ["b", "c"] }, c: { needs: ["a"] }, b: { needs: ["a"] }, z: {}, a: {} },
      { onError: { y: { needs: ["x"] }, x: {} }, finally: { w: {} } },
    );

    expect(plan.order).toEqual({ main: ["z", "a", "c", "b", "d"], onError: ["x", "y"], finally: ["w"] });
    expect([...plan.steps.keys()]).toEqual(["z", "a", "c", "b", "d", "x", "y", "w"]);
    expect(plan.steps.get("a")?.dependants).toEqual(["c", "b"]);
  });

  it("fills in the defaults", () => {
    const plan = aPlan({
      r: { switch: choice("a") },
      a: { needs: ["r"], map: { over: "parameters.files" } },
      b: { needs: ["r"], map: { over: "[1, 2]", concurrency: 3, tolerate: "10%" } },
      c: { approval: { by: ["ops@example.org"], expiresAfter: "24h" } },
      d: { wait: { for: "10m" } },
      e: { wait: { until: "2026-03-08T12:00:00+01:00" } },
    });
    const step = (name: string) => plan.steps.get(name);

    expect(step("r")?.action).toMatchObject({ kind: "switch", default: [] });
    expect(step("a")).toMatchObject({ rule: "allSucceeded", allowFailure: false, gates: ["r"], when: undefined });
    expect(step("a")?.action).toMatchObject({ kind: "executor", map: { concurrency: 10, tolerate: { items: 0 } } });
    expect(step("b")).toMatchObject({ gates: [], action: { map: { concurrency: 3, tolerate: { percent: 10 } } } });
    expect(step("c")?.action).toMatchObject({ kind: "approval", expiresAfterMs: 86_400_000, onExpiry: "reject" });
    expect(step("d")?.action).toEqual({ kind: "waitFor", durationMs: 600_000 });
    expect(step("e")?.action).toEqual({ kind: "waitUntil", until: Date.UTC(2026, 2, 8, 11) });
  });

  it("lets later phases and outputs name all steps before them", () => {
    const more = {
      onError: { b: { when: 'steps.a.status == "failed"' } },
      finally: { c: { when: 'steps.b.status == "skipped" || steps.a.status == "failed"' } },
      outputs: { x: "steps.c.output" },
    };

    expect(() => aPlan({ a: {} }, more)).not.toThrow();
  });

  it("takes a workflow of the greatest size in a moment", () => {
    const fromMs = performance.now();
    const plan = aPlan(numbered(1_000, { when: "parameters.a == 1", parameters: { x: "${{ slot }}" } }));

    expect(plan.steps.size).toBe(1_000);
    expect(performance.now() - fromMs).toBeLessThan(2_000);
  });
});

describe("the schema of workflows", () => {
  it.each(["A", "a.b", "-a", "", "a".repeat(41), "a b"])("refuses the step name %j", (name) => {
    expect(
      workflowExecutorSchema.safeParse({ type: "workflow", steps: { [name]: { executor: command } } }).success,
    ).toBe(false);
  });

  it.each([
    { executor: { type: "workflow", steps: { b: { executor: command } } } },
    { executor: command, map: { over: "x", tolerate: "101%" } },
    { executor: command, map: { over: "x", concurrency: 0 } },
    { executor: command, rule: "some" },
    { executor: command, colour: "red" },
    { approval: { by: [] } },
  ])("refuses %j", (step) => {
    expect(workflowExecutorSchema.safeParse({ type: "workflow", steps: { a: step } }).success).toBe(false);
  });
});

function numbered(count: number, step: Steps[string] = {}, prefix = "s"): Steps {
  return Object.fromEntries(Array.from({ length: count }, (_, index) => [`${prefix}${index}`, step]));
}

function refusalOf(compile: () => unknown): WorkflowError {
  try {
    compile();
  } catch (error) {
    if (error instanceof WorkflowError) return error;
    throw error;
  }
  throw new Error("The workflow was not refused");
}

describe("failures", () => {
  it("are known after the main steps, and refused before", () => {
    const tell = { parameters: { what: "${{ failures }}" } };
    expect(() => aPlan({ a: {} }, { onError: { tell } })).not.toThrow();
    expect(() => aPlan({ a: {}, tell: { ...tell, needs: ["a"] } })).toThrow("Unknown variable: failures");
  });
});
