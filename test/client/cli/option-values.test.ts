import { describe, expect, it } from "vitest";
import { duration, instant, jsonObject, parameter, wholeNumber } from "../../../client/cli/option-values.ts";

describe("instant()", () => {
  const read = instant(() => Date.parse("2026-03-08T12:00:00Z"));

  it.each([
    ["2026-03-08T07:30:00Z", "2026-03-08T07:30:00.000Z"],
    ["2026-03-08T07:30+01:00", "2026-03-08T06:30:00.000Z"],
    ["now", "2026-03-08T12:00:00.000Z"],
    ["-1h30m", "2026-03-08T10:30:00.000Z"],
    ["-7d", "2026-03-01T12:00:00.000Z"],
  ])("reads %s", (text, expected) => {
    expect(read(text)).toBe(expected);
  });

  it.each(["tomorrow", "2026-03-08", "2026-03-08T07:30:00", "2026-13-40T00:00:00Z", "1767225600", "-", "-soon"])(
    "refuses %s",
    (text) => {
      expect(() => read(text)).toThrow(/must be/);
    },
  );
});

describe("duration()", () => {
  it.each([
    ["250ms", 250],
    ["90s", 90_000],
    ["1h30m", 5_400_000],
  ])("reads %s as %d ms", (text, expected) => {
    expect(duration(text)).toBe(expected);
  });

  it.each(["", "5", "5 minutes", "m", "-5m"])("refuses %j", (text) => {
    expect(() => duration(text)).toThrow(/must be a duration/);
  });
});

describe("parameter()", () => {
  it("takes what is JSON as such and the rest as text", () => {
    const texts = ["shop=berlin", "limit=5", "dry=true", 'tags=["a"]', 'zip="01067"', "note=a=b", "empty="];
    const read = texts.reduce((sum, text) => parameter(text, sum), {});

    expect(read).toEqual({ shop: "berlin", limit: 5, dry: true, tags: ["a"], zip: "01067", note: "a=b", empty: "" });
  });

  it.each([["shop"], ["=x"], ['x={"a":1,"a":2}'], ["x=9007199254740993"]])("refuses %s", (text) => {
    expect(() => parameter(text)).toThrow();
  });

  it("refuses a name that is given twice", () => {
    expect(() => parameter("shop=b", { shop: "a" })).toThrow('"shop" is given twice');
  });
});

it("jsonObject() reads one object, strictly", () => {
  expect(jsonObject('{"a":[1]}')).toEqual({ a: [1] });
  expect(() => jsonObject("[1]")).toThrow(/JSON object/);
  expect(() => jsonObject('{"a":1,"a":2}')).toThrow();
  expect(() => jsonObject("{")).toThrow();
});

it("wholeNumber() keeps its bounds", () => {
  const read = wholeNumber(1, 10);
  expect([read("1"), read("10")]).toEqual([1, 10]);
  for (const text of ["0", "11", "1.5", "-1", "1e1", "", "ten"]) expect(() => read(text)).toThrow(/from 1 to 10/);
});
