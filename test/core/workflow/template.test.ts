import { assert, property, string } from "fast-check";
import { describe, expect, it } from "vitest";
import type { Json, JsonObject } from "../../../core/json.ts";
import { expandDeep } from "../../../core/run/macros.ts";
import { compileTemplate } from "../../../core/workflow/template.ts";

const STATES = new Map([["count", { status: "succeeded", output: { rows: 7 } } as const]]);

describe("parameters with expressions", () => {
  it.each<{ name: string; parameters: JsonObject; resolved: JsonObject }>([
    {
      name: "no expression",
      parameters: { a: 1, b: ["x"], c: { d: null } },
      resolved: { a: 1, b: ["x"], c: { d: null } },
    },
    { name: "a whole text", parameters: { a: "${{ steps.count.output.rows }}" }, resolved: { a: 7 } },
    { name: "a whole object", parameters: { a: "${{steps.count.output}}" }, resolved: { a: { rows: 7 } } },
    { name: "a map within", parameters: { a: "${{ {'a': {'b': '}}'}} }}" }, resolved: { a: { a: { b: "}}" } } } },
    {
      name: "a part of a text",
      parameters: { a: "n=${{ steps.count.output.rows }}, o=${{ steps.count.output }}." },
      resolved: { a: 'n=7, o={"rows":7}.' },
    },
    { name: "deep inside", parameters: { a: [{ b: ["${{ 1 + 1 }}"] }] }, resolved: { a: [{ b: [2] }] } },
    { name: "macros beside it", parameters: { a: "{{slot.date}} ${{ 1 }}" }, resolved: { a: "{{slot.date}} 1" } },
    { name: "a shell's variable", parameters: { a: "${HOME}" }, resolved: { a: "${HOME}" } },
  ])("resolve with $name", ({ parameters, resolved }) => {
    expect(resolve(parameters)).toEqual(resolved);
  });

  it.each([
    { text: "${{ nope }}", at: 4, problem: "Unknown variable: nope" },
    { text: "a ${{ 1 + }} b", at: 9, problem: "Unexpected token: EOF" },
    { text: "${{ 1 ", at: 4, problem: '"}}" is missing' },
    { text: "{${{ 1 }}", at: 5, problem: 'a "{" stands beside' },
    { text: "${{ 1 }}{", at: 4, problem: 'a "{" stands beside' },
  ])("refuse $text: $problem", ({ text, at, problem }) => {
    expect(() => resolve({ a: { "b/c": text } })).toThrow(
      expect.objectContaining({
        code: "expression-invalid",
        pointer: "/p/a/b~1c",
        position: at,
        message: expect.stringContaining(problem),
      }),
    );
  });

  it("bring in texts that are never read for macros", () => {
    const texts = string({ unit: "grapheme-ascii" }).map((text) =>
      text.replaceAll(/[a-m]/g, "{").replaceAll(/[n-z]/g, "}"),
    );
    assert(
      property(texts, texts, (a, b) => {
        const resolved = resolve(
          { whole: "${{parameters.a}}", text: "${{parameters.a}}${{parameters.b}} -" },
          { a, b },
        );

        expect(expand(resolved)).toEqual({ whole: a, text: `${a}${b} -` });
      }),
    );
    expect(expand(resolve({ a: "${{ [parameters.a] }}" }, { a: "{{job.name}}" }))).toEqual({ a: ["{{job.name}}"] });
  });

  it("do not make texts of any length", () => {
    const a = "x".repeat(200_000);

    expect(() => resolve({ b: "${{parameters.a}}${{parameters.a}}" }, { a })).toThrow("longer than 262144 characters");
  });
});

function resolve(parameters: JsonObject, given: JsonObject = {}): JsonObject {
  const rules = { insideMap: false, pointer: "/p", stepProblem: () => undefined };
  return compileTemplate(parameters, rules).resolve({ parameters: given, slotAtMs: 0, states: STATES });
}

function expand(parameters: JsonObject): Json {
  const run = { id: "r", attempt: 1, epoch: 1 };
  return expandDeep(parameters, {
    slotAtMs: 0,
    timezone: "UTC",
    run,
    job: { name: "j", namespace: "n" },
    parameters: {},
  });
}
