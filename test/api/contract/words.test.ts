import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { toPointer } from "../../../api/contract/json-pointer.ts";
import { nearest } from "../../../api/contract/nearest.ts";
import { quoteValue } from "../../../api/contract/quote.ts";

describe("quoteValue", () => {
  it.each<[unknown, string]>([
    ["plain", '"plain"'],
    ['a "b" \\ c', '"a \\"b\\" \\\\ c"'],
    ["a\r\nb\tc\u0000", '"a\\r\\nb\\tc\\u0000"'],
    ["\u202Egpj.exe", '"\\u202egpj.exe"'],
    ["zero\u200Bwidth\u00A0", '"zero\\u200bwidth\\u00a0"'],
    ["half \uD800", '"half \\ud800"'],
    ["tag \u{E0001}", '"tag \\u{e0001}"'],
    ["Größe 日本 😀", '"Größe 日本 😀"'],
    ["x".repeat(65), `"${"x".repeat(64)}…" (65 characters)`],
    [null, "null"],
    [1.5, "1.5"],
    [true, "true"],
    [[1, 2], "a list"],
    [{ a: 1 }, "an object"],
    [undefined, "nothing"],
  ])("writes %j as %s", (value, expected) => {
    expect(quoteValue(value)).toBe(expected);
  });

  it("is short, and holds no character that breaks lines, hides or turns the text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 300 }), (text) => {
        const quoted = quoteValue(text);
        expect(quoted.length).toBeLessThan(64 * 8 + 40);
        expect(quoted).not.toMatch(/[\p{C}\p{Zl}\p{Zp}]/u);
      }),
      { seed: 20_260_308 },
    );
  });
});

describe("toPointer", () => {
  it("escapes '~' and '/', and points to the whole with the empty text", () => {
    expect(toPointer([])).toBe("");
    expect(toPointer(["a/b", "m~n", 0, ""])).toBe("/a~1b/m~0n/0/");
  });

  it("cuts keys that only hostile input has", () => {
    expect(toPointer(["k".repeat(100_000), "a"])).toBe(`/${"k".repeat(256)}…/a`);
  });
});

describe("nearest", () => {
  it.each<[string, string | undefined]>([
    ["shedule", "schedule"],
    ["retries", undefined],
    ["retyr", "retry"],
    ["TimeOuts", "timeouts"],
    ["foo", undefined],
    ["x".repeat(1_000), undefined],
    ["", undefined],
  ])("of %j is %j", (word, expected) => {
    expect(nearest(word, ["schedule", "retry", "timeouts", "pool", "name"])).toBe(expected);
  });
});
