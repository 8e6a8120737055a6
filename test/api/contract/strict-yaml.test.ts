import { describe, expect, it } from "vitest";
import type { ErrorCode } from "../../../api/contract/error-codes.ts";
import { slugOf } from "../../../api/contract/problem.ts";
import { parseYamlStrict } from "../../../api/contract/strict-yaml.ts";
import { refusal } from "./refusal.ts";

const read = (text: string) => parseYamlStrict(text, { file: "jobs.yaml" });
const values = (text: string) => read(text).map(({ value }) => value);

describe("parseYamlStrict", () => {
  it("reads the core schema of YAML 1.2: dates, times and yes are texts", () => {
    const text =
      "date: 2026-03-08\nflag: yes\nclock: 12:30:00\nempty: ~\nhex: 0x1F\ntruth: true\ntext: !!str 12\nzero: -0";

    expect(values(text)).toEqual([
      { date: "2026-03-08", flag: "yes", clock: "12:30:00", empty: null, hex: 31, truth: true, text: "12", zero: 0 },
    ]);
  });

  it("reads several documents and leaves out empty ones", () => {
    expect(values("---\na: 1\n---\n# nothing here\n---\n- b\n---\n")).toEqual([{ a: 1 }, ["b"]]);
    expect(values("# nothing\n")).toEqual([]);
    expect(values("")).toEqual([]);
  });

  it("reads block texts, quotes and non-Latin words as they are", () => {
    expect(values('script: |\n  set -eu\n  echo "ok"\nname: "\\u00e9"\n城市: 上海')).toEqual([
      { script: 'set -eu\necho "ok"\n', name: "é", 城市: "上海" },
    ]);
  });

  it("reads JSON", () => {
    expect(values('{"a": [1, {"b": "c"}]}')).toEqual([{ a: [1, { b: "c" }] }]);
  });

  it("takes keys that look like something else as texts", () => {
    expect(values("1: a\ntrue: b\nnull: c")).toEqual([{ "1": "a", true: "b", null: "c" }]);
  });

  it("repeats what an alias names", () => {
    expect(values("a: &x {n: 1}\nb: *x\nc: [*x, *x]")).toEqual([{ a: { n: 1 }, b: { n: 1 }, c: [{ n: 1 }, { n: 1 }] }]);
  });

  it.each<[string, string, ErrorCode, string]>([
    [
      "a key that occurs twice",
      "name: a\nretry:\n  max: 1\n  max: 2",
      "yaml-duplicate-key",
      'jobs.yaml:4:3: key "max" occurs twice',
    ],
    ["a list that does not end", "a: [1\nb: 2", "yaml-syntax", "jobs.yaml:2:1: "],
    ["a tab as indentation", "a:\n\t- b", "yaml-syntax", "jobs.yaml:2:1: "],
    ["a tag of its own", "a: 1\nb: !run x", "yaml-not-allowed", "jobs.yaml:2:4: "],
    ["binary data", "a: !!binary aGk=", "yaml-not-allowed", "jobs.yaml:1:"],
    ["a timestamp tag", "a: !!timestamp 2026-01-01", "yaml-not-allowed", "jobs.yaml:1:16: "],
    ["a merge key", "a: &x {n: 1}\nb:\n  <<: *x", "yaml-not-allowed", "jobs.yaml:3:3: merge keys"],
    ["a key that is a list", "? [a]\n: 1", "yaml-not-allowed", "jobs.yaml:1:3: "],
    ["an alias of nothing", "a: *x", "yaml-not-allowed", "jobs.yaml:1:4: "],
    ["YAML 1.1", "%YAML 1.1\n---\na: yes", "yaml-not-allowed", "must be 1.2"],
    ["__proto__", "a:\n  __proto__: {admin: true}", "forbidden-key", 'jobs.yaml:2:3: key "__proto__"'],
    ["infinity", "a: .inf", "number-out-of-range", "jobs.yaml:1:4: "],
    ["an integer that would be rounded", "a: 9007199254740993", "number-out-of-range", "quote it"],
    ["half of a surrogate pair", String.raw`a: "\ud800"`, "invalid-unicode", "jobs.yaml:1:4: "],
    ["21 levels", "[".repeat(21) + "]".repeat(21), "json-too-deep", "at most 20 levels"],
    ["20,000 levels in brackets", "[".repeat(20_000), "json-too-deep", "far too deep"],
    ["20,000 levels in dashes", `${"- ".repeat(20_000)}x`, "json-too-deep", "far too deep"],
    ["an alias of itself", "a: &x [*x]", "json-too-deep", "at most 20 levels"],
  ])("refuses %s, with file, line and column", (_, text, code, detail) => {
    const problem = refusal(() => read(text));

    expect(slugOf(problem)).toBe(code);
    expect(problem.detail).toContain(detail);
  });

  it("refuses aliases that unfold without end", () => {
    const levels = Array.from(
      { length: 9 },
      (_, level) => `l${level + 1}: &l${level + 1} [${`*l${level},`.repeat(9)}]`,
    );
    const problem = refusal(() => read(["l0: &l0 [x]", ...levels].join("\n")));

    expect(problem.errors?.map(({ code }) => code)).toEqual(["yaml-not-allowed"]);
    expect(problem.detail).toContain("at most 100 times");
  });

  it("reports the faults of all documents together", () => {
    const problem = refusal(() => read("a: 1\na: 2\n---\nb: .nan\n"));

    expect(problem.errors?.map(({ pointer, detail }) => [pointer, detail.slice(0, 13)])).toEqual([
      ["/a", "jobs.yaml:2:1"],
      ["/b", "jobs.yaml:4:4"],
    ]);
  });

  it("refuses a text beyond the limit of bytes", () => {
    const limits = { maxBytes: 8, maxDepth: 20 };

    expect(refusal(() => parseYamlStrict("a: ééééé", { file: "x", limits }))).toMatchObject({ status: 413 });
  });

  it("tells where a value stands, or else its parent", () => {
    const [, second] = read("a: 1\n---\nb:\n  c:\n    - x\n    - y\n");

    expect(second?.locate("/b/c/1")).toEqual({ line: 6, column: 7 });
    expect(second?.locate("/b/c")).toEqual({ line: 4, column: 3 });
    expect(second?.locate("/b/missing/0")).toEqual({ line: 3, column: 1 });
    expect(second?.locate("")).toEqual({ line: 3, column: 1 });
  });
});
