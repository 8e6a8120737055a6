import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  checkMacros,
  expandDeep,
  expandMacros,
  MACRO_ROOTS,
  MacroError,
  MAX_EXPANDED_LENGTH,
  type MacroContext,
  SCRIPT_MACRO_ROOTS,
} from "../../../core/run/macros.ts";
import type { JsonObject } from "../../../core/json.ts";

function aContext(overrides: Partial<MacroContext> = {}): MacroContext {
  return {
    slotAtMs: Date.parse("2026-03-31T04:05:06.789Z"),
    timezone: "UTC",
    run: { id: "acme.report.1", attempt: 2, epoch: 7 },
    job: { name: "report", namespace: "acme" },
    parameters: {},
    ...overrides,
  };
}

function newYork(slot: string): MacroContext {
  return aContext({ timezone: "America/New_York", slotAtMs: Date.parse(slot) });
}

function errorOf(text: string, context = aContext()): MacroError {
  try {
    expandMacros(text, context);
  } catch (error) {
    if (error instanceof MacroError) return error;
    throw error;
  }
  throw new Error(`${text} was expanded`);
}

describe("expandMacros() of slots", () => {
  it.each([
    ["{{slot}}", "2026-03-31T04:05:06.789Z"],
    ["{{slot.iso}}", "2026-03-31T04:05:06.789Z"],
    ["{{ slot.epochMs }}", "1774929906789"],
    ["{{slot.date}} {{slot.time}}", "2026-03-31 04:05:06"],
    ["{{slot.year}}/{{slot.month}}/{{slot.day}}", "2026/03/31"],
    ["{{slot.hour}}:{{slot.minute}}:{{slot.second}}", "04:05:06"],
    ["{{slot.date -1d}}", "2026-03-30"],
    ["{{slot.date +1w}}", "2026-04-07"],
    ["{{slot.iso +2h}}", "2026-03-31T06:05:06.789Z"],
    ["{{slot.time -90m}}", "02:35:06"],
    ["{{slot.time -7s}}", "04:04:59"],
    ["{{slot.month -1M}}", "02"],
    ["{{slot.date -1M}}", "2026-02-28"],
    ["{{slot.date -25M}}", "2024-02-29"],
    ["{{slot.date +1y}}", "2027-03-31"],
    ["{{slot.date -1M -1d}}", "2026-02-27"],
    ["{{slot | yyyyMMdd}}", "20260331"],
    ["{{slot -1d | yyyy-MM-dd'T'HH}}", "2026-03-30T04"],
    ["{{slot|yy.M.d H:m:s SSS DDD e XXX XX}}", "26.3.31 4:5:6 789 090 2 Z Z"],
    ["{{slot | HH' o''clock' ''mm}}", "04 o'clock '05"],
  ])("writes %s as %s", (text, expected) => {
    expect(expandMacros(text, aContext())).toBe(expected);
  });

  it("reads the slot in the job's zone, with the offset of that date", () => {
    const context = aContext({ timezone: "America/New_York", slotAtMs: Date.parse("2026-03-08T07:30:00Z") });

    expect(expandMacros("{{slot.iso}} {{slot -1d | HH:mm XX}}", context)).toBe(
      "2026-03-08T03:30:00.000-04:00 03:30 -0500",
    );
  });

  it("moves a wall time in a daylight-saving gap forward, and takes the first of a repeated one", () => {
    expect(expandMacros("{{slot.iso +1d}}", newYork("2026-03-07T07:30:00Z"))).toBe("2026-03-08T03:30:00.000-04:00");
    expect(expandMacros("{{slot.iso +1d}}", newYork("2026-10-31T05:30:00Z"))).toBe("2026-11-01T01:30:00.000-04:00");
  });

  it("steps on the calendar and back without loss, in any zone, where the wall time is not in a gap", () => {
    const zone = fc.constantFrom("UTC", "Asia/Shanghai", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu");
    const noonMs = fc.integer({ min: 0, max: 40_000 }).map((day) => day * 86_400_000 + 43_200_000);
    fc.assert(
      fc.property(zone, noonMs, fc.integer({ min: 1, max: 999 }), (timezone, slotAtMs, days) => {
        const there = expandMacros(`{{slot.time +${days}d}}`, aContext({ timezone, slotAtMs }));
        const back = expandMacros(`{{slot.date +${days}d -${days}d}}`, aContext({ timezone, slotAtMs }));
        const here = expandMacros("{{slot.time}} {{slot.date}}", aContext({ timezone, slotAtMs }));
        return `${there} ${back}` === here;
      }),
      { seed: 20_261_122, numRuns: 300 },
    );
  });

  it("refuses an offset that leaves the years 1900 to 9999", () => {
    expect(errorOf("{{slot.date -9999y}}").message).toContain("leaves the years 1900 to 9999");
    expect(errorOf("{{slot.date +9999y +9999y}}").code).toBe("template-invalid");
  });
});

describe("expandMacros() of runs, jobs and parameters", () => {
  const parameters: JsonObject = {
    customer: 'O\'Neil & "Sons"',
    nested: { count: 3, none: null, list: ["a", { b: true }] },
  };

  it.each([
    ["{{run.id}}#{{run.attempt}}@{{run.epoch}}", "acme.report.1#2@7"],
    ["{{job.namespace}}/{{job.name}}", "acme/report"],
    ["{{parameters.customer}}", 'O\'Neil & "Sons"'],
    ["{{json parameters.customer}}", '"O\'Neil & \\"Sons\\""'],
    ["{{uri parameters.customer}}", "O'Neil%20%26%20%22Sons%22"],
    ["{{parameters.nested.count}} {{parameters.nested.none}}", "3 null"],
    ["{{parameters.nested.list.0}} {{parameters.nested.list.1.b}}", "a true"],
    ["{{json parameters.nested.list}}", '["a",{"b":true}]'],
    ["{{json run.id}}", '"acme.report.1"'],
  ])("writes %s as %s", (text, expected) => {
    expect(expandMacros(text, aContext({ parameters }))).toBe(expected);
  });

  it("does not read what a macro brings in", () => {
    const context = aContext({ parameters: { a: "{{parameters.b}}", b: "secret" } });

    expect(expandMacros("{{parameters.a}}", context)).toBe("{{parameters.b}}");
  });

  it("takes {{{{ for a literal {{ and leaves a lone }} alone", () => {
    expect(expandMacros("docker ps --format '{{{{.ID}}' }} {{run.attempt}}", aContext())).toBe(
      "docker ps --format '{{.ID}}' }} 2",
    );
  });

  it.each([
    "{{parameters.missing}}",
    "{{parameters.customer.length}}",
    "{{parameters.nested.list.length}}",
    "{{parameters.nested.list.map}}",
    "{{parameters.toString}}",
    "{{parameters.__proto__}}",
    "{{parameters.__proto__.polluted}}",
    "{{parameters.constructor.name}}",
    "{{parameters.nested.prototype}}",
    "{{payload.__proto__.x}}",
    "{{env.AWS_SECRET_ACCESS_KEY}}",
    "{{process.env}}",
    "{{run}}",
    "{{run.constructor}}",
    "{{job.toString}}",
    "{{slot.toString}}",
    "{{slot.date.x}}",
    "{{slot.date | yyyy}}",
    "{{slot | yyyyy}}",
    "{{slot | 'open}}",
    "{{slot |}}",
    "{{slot -1x}}",
    "{{slot -12345d}}",
    "{{run.id -1d}}",
    "{{run.id | yyyy}}",
    "{{}}",
    "{{ }}",
    "{{slot.date",
    "{{slot{{slot}}",
    `{{parameters.${"a".repeat(600)}}}`,
  ])("refuses %s", (text) => {
    expect(errorOf(text, aContext({ parameters }))).toMatchObject({ code: "template-invalid", position: 0 });
  });

  it("says where the macro stands and what it may be", () => {
    expect(errorOf("a {{run.id}} {{run.name}}")).toMatchObject({
      position: 13,
      message: 'Cannot read macro "run.name" at 13: "name" is none of id, attempt, epoch',
    });
  });

  it("refuses an expansion that gets larger than the limit, before making it", () => {
    const context = aContext({ parameters: { big: "x".repeat(100_000) } });

    expect(expandMacros("{{parameters.big}}{{parameters.big}}", context)).toHaveLength(200_000);
    expect(errorOf("{{parameters.big}}".repeat(10_000), context).code).toBe("template-too-large");
    expect(MAX_EXPANDED_LENGTH).toBe(262_144);
  });

  it("reads any text in time, and gives a text or a MacroError", () => {
    const piece = fc.constantFrom(
      "{{",
      "}}",
      "slot",
      ".",
      " ",
      "-1d",
      "|",
      "'",
      "yyyy",
      "parameters",
      "json ",
      "a",
      "{",
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
        const text = pieces.join("");
        const problem = checkMacros(text, MACRO_ROOTS);
        try {
          return typeof expandMacros(text, aContext()) === "string" && problem === undefined;
        } catch (error) {
          return error instanceof MacroError;
        }
      }),
      { seed: 4_711, numRuns: 2_000 },
    );
  });
});

describe("expandDeep()", () => {
  it("expands texts at any depth and leaves names and other values alone", () => {
    const value = { argv: ["run", "{{slot.date}}"], limits: { memoryMb: 64 }, "{{run.id}}": "{{run.attempt}}" };

    expect(expandDeep(value, aContext())).toEqual({
      argv: ["run", "2026-03-31"],
      limits: { memoryMb: 64 },
      "{{run.id}}": "2",
    });
  });

  it("returns a value without macros itself", () => {
    const value = { argv: ["run", "it"], environment: { A: "b" } };

    expect(expandDeep(value, aContext())).toBe(value);
  });

  it("keeps a field named __proto__ a field", () => {
    const value: unknown = JSON.parse('{"__proto__": {"admin": "{{run.id}}"}}');

    const expanded = expandDeep(value, aContext());

    expect(JSON.stringify(expanded)).toBe('{"__proto__":{"admin":"acme.report.1"}}');
    expect(Object.getPrototypeOf(expanded)).toBe(Object.prototype);
  });

  it("holds the limit for all texts together", () => {
    const context = aContext({ parameters: { big: "x".repeat(100_000) } });

    expect(() => expandDeep(["{{parameters.big}}", "{{parameters.big}}", "{{parameters.big}}"], context)).toThrow(
      MacroError,
    );
  });
});

describe("checkMacros()", () => {
  it("accepts macros whose values are not known yet", () => {
    expect(checkMacros("{{parameters.not.yet}} {{slot -1d | yyyy}} {{{{", MACRO_ROOTS)).toBeUndefined();
  });

  it("refuses a root that is not allowed here", () => {
    expect(checkMacros("echo {{parameters.name}}", SCRIPT_MACRO_ROOTS)).toMatchObject({
      code: "template-invalid",
      position: 5,
      message: 'Cannot use "parameters" in the macro at 5: allowed here are slot, run, job',
    });
  });

  it.each(["{{env.HOME}}", "{{slot", "{{parameters.__proto__.x}}", "{{slot | QQ}}"])("refuses %s", (text) => {
    expect(checkMacros(text, MACRO_ROOTS)).toBeInstanceOf(MacroError);
  });
});
