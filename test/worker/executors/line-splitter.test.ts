import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LineSplitter } from "../../../worker/executors/line-splitter.ts";

function split(pieces: readonly Buffer[], maxLength = 100): { text: string; whole: boolean }[] {
  const lines: { text: string; whole: boolean }[] = [];
  const splitter = new LineSplitter(maxLength, (text, whole) => lines.push({ text, whole }));
  for (const piece of pieces) splitter.push(piece);
  splitter.end();
  return lines;
}

describe("LineSplitter", () => {
  it("ends lines at \\n and \\r\\n, and hands on a last line without an end", () => {
    expect(split([Buffer.from("a\r\n\nb\rc\nd")]).map((line) => line.text)).toEqual(["a", "", "b\rc", "d"]);
  });

  it("puts a character together that comes in several pieces", () => {
    const bytes = Buffer.from("ü€😀\n");

    expect(split([...bytes].map((byte) => Buffer.from([byte])))).toEqual([{ text: "ü€😀", whole: true }]);
  });

  it("marks bytes that are no UTF-8 instead of failing", () => {
    expect(split([Buffer.from([0x61, 0xff, 0x0a, 0xc3])]).map((line) => line.text)).toEqual(["a\uFFFD", "\uFFFD"]);
  });

  it("hands on a long line in parts and says so", () => {
    expect(split([Buffer.from("abcdefg\nhi\n")], 3)).toEqual([
      { text: "abc", whole: false },
      { text: "def", whole: false },
      { text: "g", whole: false },
      { text: "hi", whole: true },
    ]);
  });

  it("gives the same lines whatever the pieces, and never half a character", () => {
    const text = fc.string({ unit: fc.constantFrom("a", "\n", "\r\n", "ü", "😀"), maxLength: 60 });
    fc.assert(
      fc.property(text, fc.array(fc.nat(200)), fc.integer({ min: 2, max: 10 }), (source, cuts, maxLength) => {
        const bytes = Buffer.from(source);
        const ends = [...cuts.filter((cut) => cut < bytes.length).toSorted((a, b) => a - b), bytes.length];
        const pieces = ends.map((end, index) => bytes.subarray(ends[index - 1] ?? 0, end));
        const lines = split(pieces, maxLength);

        expect(lines).toEqual(split([bytes], maxLength));
        expect(lines.map((line) => line.text).join("")).toBe(source.replaceAll(/\r?\n/g, ""));
        expect(lines.every((line) => line.text.isWellFormed() && line.text.length <= maxLength)).toBe(true);
      }),
      { seed: 1_906, numRuns: 500 },
    );
  });
});
