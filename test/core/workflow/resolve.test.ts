import { describe, expect, it } from "vitest";
import { advanceMap, toleratedFailures } from "../../../core/workflow/map-outcome.ts";
import { MAX_MAP_ITEMS, resolveItem, resolveStep } from "../../../core/workflow/resolve.ts";
import { aPlan } from "../../support/workflows.ts";

const HOUR = 3_600_000;
const CONTEXT = {
  states: new Map([
    ["list", { status: "succeeded", output: { files: ["a", "b"], at: "2026-03-08T12:00:00Z" } } as const],
  ]),
  parameters: { region: "eu" },
  slotAtMs: 0,
  startedAtMs: HOUR,
};

describe("resolveStep()", () => {
  const plan = aPlan({
    list: {},
    one: { needs: ["list"], parameters: { file: "${{ steps.list.output.files[0] }}", day: "{{slot.date}}" } },
    bare: {},
    each: {
      needs: ["list"],
      map: { over: "steps.list.output.files" },
      parameters: { file: "${{ item }}", name: "${{ index }}-${{ parameters.region }}" },
    },
    child: { needs: ["list"], workflow: { job: "other", parameters: { n: "${{ size(steps.list.output.files) }}" } } },
    bad: { needs: ["list"], parameters: { file: "${{ steps.list.output.nothing }}" } },
    wrong: { needs: ["list"], map: { over: "steps.list.output.at" } },
    wide: { map: { over: "parameters.many" } },
    pause: { wait: { for: "1h" } },
    noon: { wait: { until: "2026-03-08T12:00:00Z" } },
    later: { needs: ["list"], wait: { until: "${{ timestamp(steps.list.output.at) + duration('1h') }}" } },
    ask: { approval: { by: ["ana"], expiresAfter: "24h" } },
    "ask-on": { approval: { by: ["ana"] } },
    route: { switch: { cases: [{ when: "true", choose: [] }] } },
  });

  it.each([
    { step: "one", resolved: { kind: "run", parameters: { file: "a", day: "{{slot.date}}" } } },
    { step: "bare", resolved: { kind: "run", parameters: {} } },
    { step: "each", resolved: { kind: "map", items: ["a", "b"] } },
    { step: "child", resolved: { kind: "run", parameters: { n: 2 } } },
    { step: "pause", resolved: { kind: "wait", untilMs: 2 * HOUR } },
    { step: "noon", resolved: { kind: "wait", untilMs: Date.UTC(2026, 2, 8, 12) } },
    { step: "later", resolved: { kind: "wait", untilMs: Date.UTC(2026, 2, 8, 13) } },
    { step: "ask", resolved: { kind: "approval", expiresAtMs: 25 * HOUR } },
    { step: "ask-on", resolved: { kind: "approval", expiresAtMs: undefined } },
  ])("of $step gives $resolved", ({ step, resolved }) => {
    expect(resolveStep(plan, step, CONTEXT)).toEqual(resolved);
  });

  it.each([
    { step: "bad", message: 'Cannot evaluate "steps.list.output.nothing": No such key: nothing' },
    { step: "wrong", message: 'Cannot evaluate "steps.list.output.at": it gives a text, not a list' },
  ])("of $step is an error of the step", ({ step, message }) => {
    expect(resolveStep(plan, step, CONTEXT)).toEqual({ kind: "failed", error: { name: "EXPRESSION_ERROR", message } });
  });

  it("refuses lists that are too long", () => {
    const many = Array.from({ length: MAX_MAP_ITEMS + 1 }, (_, index) => index);

    expect(resolveStep(plan, "wide", { ...CONTEXT, parameters: { many } })).toEqual({
      kind: "failed",
      error: { name: "MAP_TOO_LARGE", message: "Cannot map over 10001 items: at most 10000 may be" },
    });
  });

  it("is not for steps that are never started", () => {
    expect(() => resolveStep(plan, "route", CONTEXT)).toThrow(RangeError);
    expect(() => resolveStep(plan, "nobody", CONTEXT)).toThrow(RangeError);
  });

  it("of an item gives its own parameters", () => {
    expect(resolveItem(plan, "each", { ...CONTEXT, item: { value: "b", index: 1 } })).toEqual({
      kind: "run",
      parameters: { file: "b", name: "1-eu" },
    });
    expect(() => resolveItem(plan, "one", { ...CONTEXT, item: { value: "b", index: 1 } })).toThrow(RangeError);
  });
});

describe("advanceMap()", () => {
  const map = aPlan({ a: { map: { over: "[1]", concurrency: 3, tolerate: 1 } } }).steps.get("a")?.action;
  if (map?.kind !== "executor" || map.map === undefined) throw new Error("No map");
  const action = map.map;

  it.each([
    { total: 0, open: 0, succeeded: 0, failed: 0, decision: { start: 0, end: "succeeded" } },
    { total: 5, open: 0, succeeded: 0, failed: 0, decision: { start: 3 } },
    { total: 5, open: 2, succeeded: 1, failed: 0, decision: { start: 1 } },
    { total: 5, open: 3, succeeded: 0, failed: 0, decision: { start: 0 } },
    { total: 5, open: 0, succeeded: 3, failed: 1, decision: { start: 1 } },
    { total: 5, open: 0, succeeded: 4, failed: 1, decision: { start: 0, end: "succeeded" } },
    { total: 5, open: 1, succeeded: 1, failed: 2, decision: { start: 0 } },
    { total: 5, open: 0, succeeded: 2, failed: 2, decision: { start: 0, end: "failed" } },
  ])("with $succeeded succeeded, $failed failed and $open open of $total: $decision", ({ decision, ...tally }) => {
    expect(advanceMap(action, tally)).toEqual(decision);
  });

  it("tolerates whole items of a share", () => {
    expect([9, 10, 19, 20].map((total) => toleratedFailures({ percent: 10 }, total))).toEqual([0, 1, 1, 2]);
  });
});
