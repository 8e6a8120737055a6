import { array, assert, constantFrom, jsonValue, property, string } from "fast-check";
import { describe, expect, it } from "vitest";
import type { Json, JsonObject } from "../../../core/json.ts";
import {
  compileExpression,
  evaluateCondition,
  evaluateInstant,
  evaluateList,
  ExpressionFault,
  type ExpressionRules,
  type Scope,
} from "../../../core/workflow/expression.ts";
import type { StepState } from "../../../core/workflow/step-state.ts";
import { WorkflowError } from "../../../core/workflow/workflow-error.ts";

describe("an expression", () => {
  it.each<{ text: string; value: Json }>([
    { text: "parameters.count + 1", value: 4 },
    { text: "parameters.count * 0.5", value: 1.5 },
    { text: "parameters.rate + 1", value: 1.25 },
    { text: "1 + parameters.rate", value: 1.25 },
    { text: "parameters.count / 2", value: 1 },
    { text: "parameters.count == 3 && parameters.count > 2.5", value: true },
    { text: 'parameters.region in ["eu", "us"]', value: true },
    { text: "has(parameters.none) ? 1 : 2", value: 2 },
    { text: "parameters.list.filter(x, x > 1)", value: [2, 3] },
    { text: "parameters.list.map(x, {'n': x})", value: [{ n: 1 }, { n: 2 }, { n: 3 }] },
    { text: "parameters.list[0]", value: 1 },
    { text: "parameters.nothing", value: null },
    { text: 'parameters["constructor"]', value: "own" },
    { text: "steps.load.output.rows", value: 7 },
    { text: 'steps["load"].status', value: "succeeded" },
    { text: "has(steps.idle.output)", value: false },
    { text: "steps.idle.status", value: "waiting" },
    { text: "slot", value: "2026-03-08T07:30:00.000Z" },
    { text: "slot + duration('90m')", value: "2026-03-08T09:00:00.000Z" },
    { text: "slot - timestamp('2026-03-08T07:00:00Z')", value: "30m" },
    { text: "timestamp(0)", value: "1970-01-01T00:00:00.000Z" },
    { text: "string(slot)", value: "2026-03-08T07:30:00.000Z" },
    { text: "slot.getHours()", value: 7 },
    { text: "slot.getHours('America/New_York')", value: 3 },
    { text: "slot.getDayOfWeek('UTC') == 0 && slot.getDayOfYear() == 66 && slot.getMonth('UTC') == 2", value: true },
    { text: "duration('90m').getMinutes()", value: 90 },
    { text: '"ab12".matches("^[a-z]+[0-9]+$") && !"x".matches("y")', value: true },
    { text: '("a" + "b") . matches ("ab")', value: true },
    { text: '"matches(x)".matches("matches.x")', value: true },
  ])("$text gives $value", ({ text, value }) => {
    expect(compile(text).evaluate(scope())).toEqual(value);
  });

  it("knows the item and its index within a map only", () => {
    const inside = compile("item.file + string(index)", { insideMap: true });

    expect(inside.evaluate(scope({ item: { value: { file: "f" }, index: 3 } }))).toBe("f3");
    expect(refusal("item")).toMatchObject({ position: 0, message: expect.stringContaining("Unknown variable: item") });
  });

  it("tells which steps it names", () => {
    expect(compile('steps.load.output == steps["idle"].output && steps.load.status == ""').steps).toEqual([
      "load",
      "idle",
    ]);
  });

  it.each([
    { text: "1 +", at: 3, problem: "Unexpected token: EOF" },
    { text: "", at: 0, problem: "Unexpected token: EOF" },
    { text: "region == 1", at: 0, problem: "Unknown variable: region" },
    { text: '1 == 1 && "a" < 2', at: 10, problem: "no such overload: string < int" },
    { text: '"a".matches(1)', at: 0, problem: "string.matches(int)" },
    { text: "timestamp(true)", at: 0, problem: "timestamp(bool)" },
    { text: "1 + steps.other.output", at: 4, problem: 'there is no step "other"' },
    { text: "steps.load.rows", at: 0, problem: 'a step has "output", "status" and "error", not "rows"' },
    { text: "steps.load", at: 0, problem: 'such as steps.load.output or steps["my-step"].status' },
    { text: "[steps]", at: 1, problem: "steps are named in full" },
    { text: "steps[parameters.name].output", at: 0, problem: "steps are named in full" },
    { text: "[1].map(steps, steps)", at: 8, problem: "steps are named in full" },
    { text: "steps.load-all.output", at: 0, problem: "steps are named in full" },
    { text: "cel.bind(x, 1, x)", at: 0, problem: "Unknown variable: cel" },
    { text: "[1].map(a, [1].map(b, [1].map(c, 1)))", at: 0, problem: "nested 3 deep, at most 2" },
    { text: "[1].map(a, 'x'.split('').map(b, 1))", at: 0, problem: "split() cannot stand beside nested loops" },
    { text: "b'abc'", at: 0, problem: "it gives bytes, where a value that JSON has is needed" },
    { text: "1 + 1", at: 0, problem: "it gives int, where a bool is needed", use: "condition" },
    { text: "parameters", at: 0, problem: "it gives map", use: "condition" },
    { text: "'a'", at: 0, problem: "it gives string, where a list is needed", use: "list" },
    { text: "1 > 0", at: 0, problem: "it gives bool, where a list is needed", use: "list" },
    { text: "size(parameters.list)", at: 0, problem: "it gives int, where a list is needed", use: "list" },
    { text: "3", at: 0, problem: "it gives int, where a timestamp is needed", use: "instant" },
  ] as const)("$text is refused: $problem", ({ text, at, problem, ...more }) => {
    const error = refusal(text, { pointer: "/executor/x", offset: 4, ...more });

    expect(error).toMatchObject({ code: "expression-invalid", pointer: "/executor/x", position: at + 4 });
    expect(error.message).toContain(problem);
  });

  it.each([
    { text: "parameters.none", problem: "No such key: none" },
    { text: "parameters.region + 1", problem: "no such overload" },
    { text: "steps.idle.output", problem: "No such key: output" },
    { text: "parameters.count / 0", problem: "division by zero" },
    { text: "parameters.rate / 0.0", problem: "Infinity is not a number in JSON" },
    { text: "9007199254740993", problem: "beyond the whole numbers" },
    { text: "timestamp('2026-03-08T07:30:00')", problem: "has no offset" },
    { text: "slot.getHours('Mars/Phobos')", problem: "Mars/Phobos" },
    { text: "'a'.matches('(')", problem: "missing closing" },
    { text: "parameters.list.map(x, type(x))", problem: "neither text" },
  ])("$text has no value: $problem", ({ text, problem }) => {
    const expression = compile(text);

    expect(() => expression.evaluate(scope())).toThrow(ExpressionFault);
    expect(() => expression.evaluate(scope())).toThrow(problem);
  });

  it("of a kind that shows at the run only is held to it then", () => {
    const at = scope({ parameters: { a: 1, at: "2026-03-08T07:30:00Z", never: "soon" } });

    expect(() => evaluateCondition(compile("parameters.a", { use: "condition" }), at)).toThrow("a number, not a bool");
    expect(() => evaluateList(compile("parameters.a", { use: "list" }), at)).toThrow("a number, not a list");
    expect(() => evaluateInstant(compile("parameters.a", { use: "instant" }), at)).toThrow("not a timestamp");
    expect(() => evaluateInstant(compile("parameters.never", { use: "instant" }), at)).toThrow("not an instant");
    expect(evaluateInstant(compile("parameters.at", { use: "instant" }), at)).toBe(Date.UTC(2026, 2, 8, 7, 30));
    expect(evaluateInstant(compile("slot", { use: "instant" }), at)).toBe(Date.UTC(2026, 2, 8, 7, 30));
  });

  it("takes linear time for any pattern", () => {
    const expression = compile('parameters.text.matches("^(a+)+$")');

    // A backtracking engine would take 2^50 steps.
    expect(expression.evaluate(scope({ parameters: { text: `${"a".repeat(50)}!` } }))).toBe(false);
  });

  it("does not visit more items than it may", () => {
    const expression = compile("parameters.list.all(a, parameters.list.all(b, a < b))");
    const list = Array.from({ length: 5_000 }, (_, index) => index);

    expect(() => expression.evaluate(scope({ parameters: { list } }))).toThrow("could visit more than 10000000 items");
  });

  it("gives back any JSON value as it is", () => {
    assert(
      property(jsonValue({ noUnicodeString: false }), (value) => {
        const parameters = { value: value as Json };

        expect(JSON.stringify(compile("parameters.value").evaluate(scope({ parameters })))).toBe(JSON.stringify(value));
      }),
    );
  });

  it("of any text is refused with a WorkflowError, has a value, or has none by an ExpressionFault", () => {
    const pieces = constantFrom(
      ..."parameters.list steps.load.output slot 1 2.5 'a' true null + - * / % < == && || ! ? : ( ) [ ] { } , . in size has map exists matches getHours timestamp duration".split(
        " ",
      ),
    );
    const texts = array(pieces, { maxLength: 12 }).map((words) => words.join(" "));
    assert(property(texts, tryIt), { numRuns: 2_000 });
    assert(property(string({ unit: "binary", maxLength: 30 }), tryIt), { numRuns: 500 });
  });
});

function tryIt(text: string): void {
  try {
    compile(text).evaluate(scope());
  } catch (error) {
    expect([WorkflowError, ExpressionFault]).toContain((error as Error).constructor);
  }
}

function stepProblem(name: string): string | undefined {
  return ["load", "idle"].includes(name) ? undefined : `there is no step "${name}"`;
}

function compile(text: string, rules: Partial<ExpressionRules> = {}) {
  return compileExpression(text, { use: "value", insideMap: false, pointer: "", stepProblem, ...rules });
}

function refusal(text: string, rules: Partial<ExpressionRules> = {}): WorkflowError {
  try {
    compile(text, rules);
  } catch (error) {
    if (error instanceof WorkflowError) return error;
    throw error;
  }
  throw new Error(`Expression ${text} was not refused`);
}

function scope(change: Partial<Scope> = {}): Scope {
  const parameters: JsonObject = {
    count: 3,
    rate: 0.25,
    region: "eu",
    list: [1, 2, 3],
    nothing: null,
    constructor: "own",
  };
  const states = new Map<string, StepState>([["load", { status: "succeeded", output: { rows: 7 } }]]);
  return { parameters, slotAtMs: Date.UTC(2026, 2, 8, 7, 30), states, ...change };
}
