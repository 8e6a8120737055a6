import { describe, expect, it } from "vitest";
import { checkParameters } from "../../../core/job/parameters.ts";

describe("checkParameters()", () => {
  it("names the parameter and the rule", () => {
    const schema = { type: "object", properties: { day: { type: "string", format: "date" } }, required: ["day"] };
    expect(() => checkParameters(schema, { day: "yesterday" })).toThrow(/\/day must match format "date"/);
    expect(() => checkParameters(schema, {})).toThrow(/must have required property 'day'/);
    expect(() => checkParameters(schema, { day: "2026-03-08" })).not.toThrow();
  });

  it("lets those of a definition be completed by a run", () => {
    const schema = { required: ["day"], properties: { count: { type: "integer" } } };
    expect(() => checkParameters(schema, { count: 1 }, { partial: true })).not.toThrow();
    expect(() => checkParameters(schema, { count: "x" }, { partial: true })).toThrow(/\/count must be integer/);
  });

  it.each(["^(a|a)*$", "^((a)+)+$", "^(a+)+$"])("matches %s in linear time, however it is nested", (pattern) => {
    const schema = { properties: { text: { pattern } } };
    // A backtracking engine would take longer than the universe has lasted.
    expect(() => checkParameters(schema, { text: `${"a".repeat(5_000)}b` })).toThrow(/\/text must match pattern/);
    expect(() => checkParameters(schema, { text: "a".repeat(5_000) })).not.toThrow();
  });

  it("refuses a schema that refers to itself without an end", () => {
    expect(() => checkParameters({ $ref: "#" }, {})).toThrow(/refers to itself without an end/);
  });
});
