import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ERROR_CODES, type ErrorCode } from "../../../api/contract/error-codes.ts";
import { ProblemError, slugOf } from "../../../api/contract/problem.ts";
import { parseJsonStrict } from "../../../api/contract/strict-json.ts";
import { faults, refusal } from "./refusal.ts";

const nested = (depth: number): string => "[".repeat(depth) + "]".repeat(depth);

describe("parseJsonStrict", () => {
  it.each([
    ['{"a":[1,-2.5e3,true,false,null,"x"],"b":{}}', { a: [1, -2500, true, false, null, "x"], b: {} }],
    [' \t\r\n"\\u00e9\\n\\/\\ud83d\\ude00" ', "é\n/😀"],
    ["9007199254740991", Number.MAX_SAFE_INTEGER],
    ["6.02214076e23", 6.022_140_76e23],
    ["1e-400", 0],
    ['\uFEFF{"bom":1}', { bom: 1 }],
    ['{"":0}', { "": 0 }],
  ])("reads %j", (text, expected) => {
    expect(parseJsonStrict(text)).toEqual(expected);
    expect(parseJsonStrict(new TextEncoder().encode(text))).toEqual(expected);
  });

  it("reads -0 as 0", () => {
    expect(Object.is(parseJsonStrict("-0"), 0)).toBe(true);
    expect(Object.is(parseJsonStrict("-0.0e5"), 0)).toBe(true);
  });

  it("reads whatever JSON.stringify writes, as JSON.parse does", () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5 }), fc.constantFrom(0, 2), (value, indent) => {
        const text = JSON.stringify(value, undefined, indent);
        fc.pre(!/"(__proto__|constructor|prototype)"|(?<![.\d])\d{16}/.test(text));
        expect(JSON.stringify(parseJsonStrict(text))).toBe(JSON.stringify(JSON.parse(text)));
      }),
      { seed: 8_259 },
    );
  });

  it("accepts nothing that JSON.parse refuses", () => {
    const piece = fc.constantFrom(
      "{",
      "}",
      "[",
      "]",
      ",",
      ":",
      '"a"',
      '"',
      "\\",
      "1",
      "-",
      "0",
      ".",
      "e",
      "true",
      "nul",
      " ",
      "\n",
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const text = pieces.join("");
        fc.pre(isRefusedByPlatform(text));
        expect(() => parseJsonStrict(text)).toThrow();
      }),
      { seed: 8_259, numRuns: 2_000 },
    );
  });

  it.each<[string, string, ErrorCode, string]>([
    ["an empty text", "", "body-required", "must be a JSON value"],
    ["white space", " \n", "body-required", "must be a JSON value"],
    [
      "an object that ends early",
      '{"name": "a"',
      "json-syntax",
      "Line 1, column 13: expected ',' or '}', found the end",
    ],
    ["a comma too many", "[1,\n 2,\n]", "json-syntax", 'Line 3, column 1: expected a value, found "]"'],
    ["a key without quotes", "{a:1}", "json-syntax", "Line 1, column 2: expected a key in double quotes"],
    ["a text after the value", "{} {}", "json-syntax", "Line 1, column 4: expected the end of the text"],
    ["a line end within a text", '"a\nb"', "json-syntax", "Line 1, column 3"],
    ["an unknown escape", '"\\x41"', "json-syntax", "Line 1, column 3: expected an escape"],
    ["a number with a leading zero", "[01]", "json-syntax", "Line 1, column 3"],
    ["a comment", "[1] // one", "json-syntax", "Line 1, column 5"],
    ["21 levels", nested(21), "json-too-deep", "at most 20 levels"],
    ["200,000 levels", "[".repeat(200_000), "json-too-deep", "at most 20 levels"],
  ])("refuses %s", (_, text, code, detail) => {
    const problem = refusal(() => parseJsonStrict(text));

    expect(slugOf(problem)).toBe(code);
    expect(problem.status).toBe(400);
    expect(problem.detail).toContain(detail);
  });

  it("accepts as many levels as the limit says", () => {
    expect(() => parseJsonStrict(nested(20))).not.toThrow();
    expect(() => parseJsonStrict('{"a":'.repeat(20) + "1" + "}".repeat(20))).not.toThrow();
  });

  it.each<[string, string, string]>([
    ["a key that occurs twice", '{"x":{"a/b":1,"a/b":2}}', "/x/a~1b json-duplicate-key"],
    ["a key that occurs twice, once as an escape", String.raw`{"a":1,"\u0061":2}`, "/a json-duplicate-key"],
    ["__proto__", '{"a":[{"__proto__":{"admin":true}}]}', "/a/0/__proto__ forbidden-key"],
    ["constructor", '{"constructor":{"prototype":{}}}', "/constructor forbidden-key"],
    ["half of a surrogate pair", String.raw`{"a":"\ud800"}`, "/a invalid-unicode"],
    ["a number that becomes infinite", '{"retries":1e400}', "/retries number-out-of-range"],
    ["an integer that would be rounded", '{"timeoutMs":9007199254740993}', "/timeoutMs number-out-of-range"],
    ["NaN", "[1,NaN]", "/1 number-out-of-range"],
    ["-Infinity", '{"a":-Infinity}', "/a number-out-of-range"],
  ])("refuses %s, with its pointer", (_, text, expected) => {
    expect(faults(refusal(() => parseJsonStrict(text)))).toContain(expected);
  });

  it("reports all faults of one text together, at most 50", () => {
    const text = '{"a":1,"a":2,"__proto__":0,"n":1e999}';
    const many = `[${Array.from({ length: 80 }, () => "1e999").join(",")}]`;

    expect(faults(refusal(() => parseJsonStrict(text)))).toEqual([
      "/a json-duplicate-key",
      "/__proto__ forbidden-key",
      "/n number-out-of-range",
    ]);
    expect(refusal(() => parseJsonStrict(many)).errors).toHaveLength(50);
  });

  it("leaves the prototype of objects alone", () => {
    expect(() => parseJsonStrict('{"__proto__":{"admin":true}}')).toThrow();
    expect(Object.hasOwn(Object.prototype, "admin")).toBe(false);
  });

  it("names the line that is not UTF-8", () => {
    const bytes = Uint8Array.from([...new TextEncoder().encode('{\n"a":"'), 0xc3, 0x28, 0x22, 0x7d]);

    expect(refusal(() => parseJsonStrict(bytes))).toMatchObject({
      status: 400,
      detail: "Line 2: the text must be UTF-8",
    });
  });

  it("counts bytes, not characters", () => {
    const limits = { maxBytes: 10, maxDepth: 20 };

    expect(parseJsonStrict('"12345678"', limits)).toBe("12345678");
    expect(refusal(() => parseJsonStrict('"éééééé"', limits))).toMatchObject({ status: 413 });
    expect(refusal(() => parseJsonStrict(new Uint8Array(11), limits))).toMatchObject({ status: 413 });
  });

  it("answers any text with a value or a documented problem", () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'[]{}",:\\u01-e.ntf '.split(""), "\uD800") }), (text) => {
        const code = codeOfRefusal(text);
        expect(code === undefined || code in ERROR_CODES).toBe(true);
      }),
      { seed: 8_259, numRuns: 2_000 },
    );
  });
});

function isRefusedByPlatform(text: string): boolean {
  try {
    JSON.parse(text);
    return false;
  } catch {
    return true;
  }
}

function codeOfRefusal(text: string): ErrorCode | undefined {
  try {
    parseJsonStrict(text);
    return undefined;
  } catch (error) {
    if (error instanceof ProblemError) return error.code;
    throw error;
  }
}
