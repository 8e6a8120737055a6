import { describe, expect, it } from "vitest";
import { printable, printableInPlace, printableJson, printableLine } from "../../../client/cli/printable.ts";

const ESC = "\u001b";

describe("printable()", () => {
  it.each([
    ["escape sequences", `${ESC}[31mred${ESC}[0m ${ESC}]0;title\u0007done`, "red done"],
    ["a bare escape", `a${ESC}b`, "ab"],
    ["carriage returns that would write over a line", "real\rforged", "realforged"],
    ["backspaces and bells", "a\b\u0007b", "ab"],
    ["C1 controls", "a\u009b31mb", "ab"],
    ["marks that reorder text", "a\u202egpj.exe\u202c\u2066b", "agpj.exeb"],
    ["separators of lines and paragraphs", "a\u2028b\u2029c", "abc"],
  ])("removes %s", (_, text, expected) => {
    expect(printable(text)).toBe(expected);
  });

  it("keeps tabs, line feeds and letters of every script", () => {
    expect(printable("a\tb\r\nграф 漢字 é 🎉\n")).toBe("a\tb\nграф 漢字 é 🎉\n");
  });
});

it("printableLine() makes one line", () => {
  expect(printableLine(`a\r\n2026 ERROR ${ESC}[1Aforged\tb`)).toBe("a 2026 ERROR forged b");
});

it("printableInPlace() keeps every position", () => {
  expect(printableInPlace(`0\t${ESC}* \u202e1`)).toBe("0 ?* ?1");
});

it("printableJson() escapes what a terminal acts on and still reads as the same value", () => {
  const value = { text: `a${ESC}\u009b\u202e\u2028\n"b` };

  const text = printableJson(value, 2);

  expect(JSON.parse(text)).toEqual(value);
  expect(text).toBe('{\n  "text": "a\\u001b\\u009b\\u202e\\u2028\\n\\"b"\n}');
});
