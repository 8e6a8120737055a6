import { describe, expect, it } from "vitest";
import { decompose, MAX_NESTED_PARALLELS, type Row, stepsIn } from "../../../../core/workflow/asl/decompose.ts";
import { fan, graph, line } from "../../../support/workflow-graphs.ts";
import { aPlan, type Steps } from "../../../support/workflows.ts";

describe("decompose()", () => {
  it.each([
    ["one step", graph({ a: "" }), "a"],
    ["a line of ten", line(10), "s0 s1 s2 s3 s4 s5 s6 s7 s8 s9"],
    ["steps without needs", graph({ a: "", b: "", c: "" }), "(a | b | c)"],
    ["a diamond", graph({ a: "", b: "a", c: "a", d: "b c" }), "a (b | c) d"],
    ["lines beside each other", graph({ a: "", b: "", c: "a", d: "b" }), "(a c | b d)"],
    ["a need that follows from others", graph({ a: "", b: "a", c: "a b" }), "a b c"],
    ["an N: a row for each step that nothing follows", graph({ a: "", b: "", c: "a", d: "a b" }), "(a c |x b d)"],
    ["an N before and after others", graph({ o: "", a: "o", b: "o", c: "a", d: "a b", e: "c d" }), "o (a c |x b d) e"],
    ["an N beside others", graph({ a: "", b: "", c: "a", d: "a b", e: "", f: "e" }), "((a c |x b d) | e f)"],
    ["all after all", graph({ a: "", b: "", c: "a b", d: "a b" }), "(a | b) (c | d)"],
    [
      "nested",
      graph({ a: "", b: "a", c: "b", d: "b", e: "c d", f: "a", g: "e f", h: "" }),
      "(a (b (c | d) e | f) g | h)",
    ],
  ])("lays out %s", (_, steps, expected) => {
    expect(textOf(rowOf(steps))).toBe(expected);
  });

  it("lays out a fan of two hundred", () => {
    const middle = Array.from({ length: 200 }, (_, index) => `m${index}`);
    expect(textOf(rowOf(fan(200)))).toBe(`first (${middle.join(" | ")}) last`);
  });

  it("has half as many Parallels as steps at most: the smallest part that has some is laid out in rows", () => {
    const dense = graph({ a: "", b: "", c: "", d: "b c", e: "b c" });
    expect(textOf(rowOf(dense))).toBe("(a |x b d |x c e)");
  });

  it("does not nest Parallels deeper than can be read", () => {
    const depth = 100;
    const nest = Object.fromEntries(
      Array.from({ length: depth }, (_, index) => [
        [`in${index}`, index === 0 ? "" : `in${index - 1}`],
        [`beside${index}`, index === 0 ? "" : `in${index - 1}`],
      ]).flat(),
    );
    const row = rowOf(graph({ ...nest, end: `in${depth - 1} beside${depth - 1}` }));
    expect(depthOf(row)).toBe(MAX_NESTED_PARALLELS);
    expect(stepsIn(row).toSorted()).toEqual([...Object.keys(nest), "end"].toSorted());
  });

  it("lays out a thousand steps of ten needs each in no time to speak of", () => {
    const names = Array.from({ length: 1_000 }, (_, index) => `s${index}`);
    const steps = Object.fromEntries(
      names.map((name, index) => [name, { needs: names.slice(Math.max(0, index - 13), Math.max(0, index - 3)) }]),
    );
    expect(stepsIn(rowOf(steps))).toHaveLength(1_000);
  }, 5_000);
});

function rowOf(steps: Steps): Row {
  const plan = aPlan(steps);
  return decompose(new Map(plan.order.main.map((name) => [name, plan.steps.get(name)?.needs ?? []])));
}

/** Such as `a (b | c) d`, with `|x` between branches whose steps may need each other. */
function textOf(row: Row): string {
  return row
    .map((block) =>
      block.kind === "step" ? block.step : `(${block.branches.map(textOf).join(block.isCrossed ? " |x " : " | ")})`,
    )
    .join(" ");
}

function depthOf(row: Row): number {
  return Math.max(0, ...row.map((block) => (block.kind === "step" ? 0 : 1 + Math.max(...block.branches.map(depthOf)))));
}
