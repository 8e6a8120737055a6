import { describe, expect, it } from "vitest";
import { NO_VALUE, resolveValue, type Scope } from "./host/intrinsics.ts";

const scope: Scope = {
  ref: (name) => (name === "AWS::NoValue" ? NO_VALUE : `ref-${name}`),
  attribute: (logicalId, name) => `${logicalId}/${name}`,
  exported: (name) => `exported-${name}`,
  condition: (name) => name === "IsOn",
  mapped: (map, key, name) => `${map}-${key}-${name}`,
};

describe("resolveValue()", () => {
  it.each([
    ["a reference", { Ref: "Table" }, "ref-Table"],
    ["an attribute", { "Fn::GetAtt": ["Table", "Arn"] }, "Table/Arn"],
    ["an attribute as one text", { "Fn::GetAtt": "Table.Arn" }, "Table/Arn"],
    ["a text in parts", { "Fn::Join": ["-", ["a", { Ref: "B" }]] }, "a-ref-B"],
    ["a text with places", { "Fn::Sub": "x ${A} ${B.Arn} ${!C}" }, "x ref-A B/Arn ${C}"],
    ["a text with places given", { "Fn::Sub": ["${A}", { A: { Ref: "B" } }] }, "ref-B"],
    ["a part of a list", { "Fn::Select": [1, { "Fn::Split": ["/", "a/b/c"] }] }, "b"],
    ["an import", { "Fn::ImportValue": { "Fn::Sub": "${A}" } }, "exported-ref-A"],
    ["a choice", { "Fn::If": ["IsOn", 1, 2] }, 1],
    ["the other choice", { "Fn::If": ["IsOff", 1, 2] }, 2],
    ["a map", { "Fn::FindInMap": ["Map", "key", "name"] }, "Map-key-name"],
    ["a property that is not to be", { a: { Ref: "AWS::NoValue" }, b: [{ Ref: "AWS::NoValue" }] }, { b: [] }],
  ])("gives %s", (_, value, expected) => {
    expect(resolveValue(value, scope)).toEqual(expected);
  });

  it("refuses a function that it does not know", () => {
    expect(() => resolveValue({ "Fn::Transform": {} }, scope)).toThrow(
      "Cannot resolve a template: it does not know the intrinsic function Fn::Transform",
    );
  });
});
