import { array, assert, boolean, constantFrom, integer, property, record, type Arbitrary } from "fast-check";
import { describe, expect, it } from "vitest";
import type { StepDefinition, TriggerRule } from "../../../core/workflow/definition.ts";
import { TRIGGER_RULES } from "../../../core/workflow/definition.ts";
import { advance } from "../../../core/workflow/advance.ts";
import { going, WorkflowRun } from "../../support/workflow-run.ts";
import { aPlan, type Steps } from "../../support/workflows.ts";

/** A step of a random workflow, and how it will end if it is run. It needs only steps with lower numbers. */
interface Drawn {
  /** Which of the steps before it this one needs. */
  readonly needs: readonly number[];
  readonly rule: TriggerRule;
  readonly condition: "none" | "true" | "false";
  readonly fails: boolean;
  readonly allowFailure: boolean;
  /** For steps that are switches: whether each of those that need it is chosen. */
  readonly isSwitch: boolean;
  readonly chosen: boolean;
}

const drawnSteps: Arbitrary<readonly Drawn[]> = array(
  record({
    needs: array(integer({ min: 0, max: 1_000 }), { maxLength: 4 }),
    rule: constantFrom(...TRIGGER_RULES),
    condition: constantFrom("none", "none", "none", "true", "false"),
    fails: boolean(),
    allowFailure: constantFrom(false, false, false, true),
    isSwitch: constantFrom(false, false, false, true),
    chosen: boolean(),
  }),
  { minLength: 1, maxLength: 20 },
).map((steps) =>
  steps.map((step, index) => {
    const needs = [...new Set(step.needs.map((number) => number % Math.max(index, 1)))].filter((need) => need < index);
    return { ...step, needs, rule: needs.length === 0 && step.rule === "anyFailed" ? "allEnded" : step.rule };
  }),
);
/** Draws the next of the open steps that ends. */
const luck = array(integer({ min: 0, max: 1_000_000 }), { minLength: 60, maxLength: 60 });

const workflows = record({ main: drawnSteps, onError: drawnSteps, finally: drawnSteps });
type Drawing = Readonly<Record<"main" | "onError" | "finally", readonly Drawn[]>>;
const PHASES = ["main", "onError", "finally"] as const;

describe("every workflow", () => {
  it("does at each moment what a model that reckons from scratch allows, no more and no less", () => {
    assert(
      property(workflows, luck, (drawing, draws) => {
        const run = new WorkflowRun(planOf(drawing));
        const ended = new Map<string, "succeeded" | "failed">();
        for (let turn = 0; ; turn += 1) {
          expect(run.statuses).toEqual(modelOf(drawing, ended));
          const open = namesWith(run, "open");
          const name = open[(draws[turn % draws.length] ?? 0) % Math.max(open.length, 1)];
          if (name === undefined) break;
          ended.set(name, willEnd(drawing, name));
          run.end([name, { status: willEnd(drawing, name) }]);
        }
        expect(new Set(run.started).size).toBe(run.started.length);
        expect(run.last.end?.status).toBe(modelEnd(drawing, run.statuses));
        expect(run.states.size).toBe(PHASES.reduce((sum, phase) => sum + drawing[phase].length, 0));
      }),
      { numRuns: 500 },
    );
  });

  it("comes to the same statuses in whichever order its steps end, alone or several at once", () => {
    assert(
      property(workflows, luck, luck, (drawing, one, other) => {
        expect(play(drawing, one, { atOnce: 3 })).toEqual(play(drawing, other, { atOnce: 1 }));
      }),
      { numRuns: 300 },
    );
  });

  it("comes to the same statuses when it is paused and resumed on its way", () => {
    assert(
      property(workflows, luck, (drawing, draws) => {
        expect(play(drawing, draws, { atOnce: 1, pauses: true })).toEqual(play(drawing, draws, { atOnce: 1 }));
      }),
      { numRuns: 300 },
    );
  });

  it("that is stopped ends, runs finally, and starts before it only steps that run always", () => {
    assert(
      property(workflows, luck, integer({ min: 0, max: 20 }), (drawing, draws, stopAfter) => {
        const run = new WorkflowRun(planOf(drawing));
        for (let turn = 0; namesWith(run, "open").length > 0; turn += 1) {
          const before = run.started.length;
          if (turn === stopAfter) run.to("stopping");
          const open = namesWith(run, "open");
          const name = open[(draws[turn % draws.length] ?? 0) % open.length] ?? "";
          run.end([name, { status: willEnd(drawing, name) }]);
          if (turn < stopAfter) continue;
          const started = run.started.slice(before).filter((one) => !one.startsWith("finally"));
          expect(started.map((one) => drawnOf(drawing, one).rule)).toEqual(started.map(() => "always"));
        }
        expect(run.last.end).toBeDefined();
        expect(run.states.size).toBe(PHASES.reduce((sum, phase) => sum + drawing[phase].length, 0));
      }),
      { numRuns: 300 },
    );
  });

  it("is decided by the states alone: whatever part of a decision was carried out, the rest follows", () => {
    assert(
      property(workflows, luck, integer({ min: 0, max: 40 }), (drawing, draws, cut) => {
        const whole = new WorkflowRun(planOf(drawing));
        const torn = new WorkflowRun(planOf(drawing));
        for (let turn = 0; namesWith(whole, "open").length > 0; turn += 1) {
          const open = namesWith(whole, "open");
          const name = open[(draws[turn % draws.length] ?? 0) % open.length] ?? "";
          const state = { status: willEnd(drawing, name) };
          whole.end([name, state]);
          torn.states.set(name, state);
          torn.goPart(cut);
          torn.go();
          expect(torn.statuses).toEqual(whole.statuses);
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe("the cost of advance()", () => {
  it("grows with steps and needs, not with their square", () => {
    // Four times the steps and needs; sixteen times the work, were it quadratic.
    expect(looksAt(1_000) / looksAt(250)).toBeLessThan(4.5);
    expect(looksAt(1_000)).toBeLessThan(10 * 9_000);
  });
});

function planOf(drawing: Drawing) {
  return aPlan(stepsOf(drawing, "main"), {
    onError: stepsOf(drawing, "onError"),
    finally: stepsOf(drawing, "finally"),
  });
}

function stepsOf(drawing: Drawing, phase: (typeof PHASES)[number]): Steps {
  return Object.fromEntries(
    drawing[phase].map((step, index): [string, Partial<StepDefinition>] => {
      const targets = dependantsOf(drawing[phase], index).map((number) => nameOf(phase, number));
      const common = {
        needs: step.needs.map((need) => nameOf(phase, need)),
        rule: step.rule,
        ...(step.condition !== "none" && { when: step.condition }),
      };
      return [
        nameOf(phase, index),
        isSwitch(drawing[phase], index)
          ? { ...common, switch: { cases: [{ when: String(step.chosen), choose: targets }] } }
          : { ...common, allowFailure: step.allowFailure },
      ];
    }),
  );
}

function nameOf(phase: string, index: number): string {
  return `${phase.toLowerCase()}-${index}`;
}

function drawnOf(drawing: Drawing, name: string): Drawn {
  const [phase = "", index = ""] = name.split("-");
  const drawn = drawing[phase === "onerror" ? "onError" : (phase as "main" | "finally")][Number(index)];
  if (drawn === undefined) throw new Error(`No step ${name}`);
  return drawn;
}

function willEnd(drawing: Drawing, name: string): "succeeded" | "failed" {
  return drawnOf(drawing, name).fails ? "failed" : "succeeded";
}

function dependantsOf(steps: readonly Drawn[], index: number): readonly number[] {
  return steps.flatMap(({ needs }, other) => (needs.includes(index) ? [other] : []));
}

/** A switch that nothing needs has nothing to choose. */
function isSwitch(steps: readonly Drawn[], index: number): boolean {
  return steps[index]?.isSwitch === true && dependantsOf(steps, index).length > 0;
}

function namesWith(run: WorkflowRun, status: string): readonly string[] {
  return Object.entries(run.statuses).flatMap(([name, one]) => (one === status ? [name] : []));
}

function play(drawing: Drawing, draws: readonly number[], how: { readonly atOnce: number; readonly pauses?: boolean }) {
  const run = new WorkflowRun(planOf(drawing));
  for (let turn = 0; ; turn += 1) {
    if (how.pauses === true) run.to((draws[turn % draws.length] ?? 0) % 3 === 0 ? "paused" : "going");
    let open = namesWith(run, "open");
    if (open.length === 0 && run.last.end === undefined) {
      run.to("going");
      open = namesWith(run, "open");
    }
    if (open.length === 0) return { statuses: sorted(run.statuses), end: run.last.end };
    const first = (draws[turn % draws.length] ?? 0) % open.length;
    const chosen = open.slice(first, first + how.atOnce);
    run.end(...chosen.map((name) => [name, { status: willEnd(drawing, name) }] as const));
  }
}

function sorted(statuses: Readonly<Record<string, string>>) {
  return Object.entries(statuses).toSorted(([a], [b]) => (a < b ? -1 : 1));
}

/**
 * The statuses that the steps should have, given the steps that were run to their end, reckoned anew each time from the
 * rules as the documentation words them, over sets of needs, until nothing changes any more.
 */
function modelOf(drawing: Drawing, ended: ReadonlyMap<string, "succeeded" | "failed">): Record<string, string> {
  const statuses: Record<string, string> = {};
  for (const phase of PHASES) {
    const earlier = PHASES.slice(0, PHASES.indexOf(phase));
    const isOver = earlier.every((one) =>
      drawing[one].every((_, index) => (statuses[nameOf(one, index)] ?? "open") !== "open"),
    );
    if (!isOver) return statuses;
    const isNeeded =
      phase !== "onError" || drawing.main.some((step, index) => fails(step, statuses[nameOf("main", index)]));
    for (let changed = true; changed;) {
      changed = false;
      for (const [index, step] of drawing[phase].entries()) {
        const name = nameOf(phase, index);
        if (statuses[name] !== undefined) continue;
        const status = isNeeded ? modelStep(drawing[phase], index, (need) => statuses[nameOf(phase, need)]) : "skipped";
        if (status === undefined) continue;
        statuses[name] = status === "runs" ? (ended.get(name) ?? "open") : status;
        if (status === "runs" && isSwitch(drawing[phase], index)) statuses[name] = "succeeded";
        if (status === "runs" && step.condition === "false") statuses[name] = "skipped";
        changed = true;
      }
    }
  }
  return statuses;
}

function modelStep(
  steps: readonly Drawn[],
  index: number,
  statusOf: (need: number) => string | undefined,
): "runs" | "skipped" | "blocked" | undefined {
  const step = steps[index];
  if (step === undefined) return undefined;
  const switches = step.needs.filter((need) => isSwitch(steps, need));
  if (switches.some((need) => statusOf(need) === "succeeded" && steps[need]?.chosen === false)) return "skipped";
  if (switches.some((need) => statusOf(need) === undefined)) return undefined;

  const stand = step.needs.map((need) => {
    const status = statusOf(need) ?? "open";
    return steps[need]?.allowFailure === true && status === "failed" && !isSwitch(steps, need) ? "succeeded" : status;
  });
  const some = (...words: string[]) => stand.some((status) => words.includes(status));
  const isOver = !some("open");
  const isBad = some("failed", "blocked");
  const says: Record<TriggerRule, () => "runs" | "skipped" | "blocked" | undefined> = {
    allSucceeded: () => {
      if (isBad) return "blocked";
      if (!isOver) return undefined;
      return some("skipped") ? "skipped" : "runs";
    },
    allEnded: () => (isOver ? "runs" : undefined),
    always: () => (isOver ? "runs" : undefined),
    anySucceeded: () => {
      if (some("succeeded") || stand.length === 0) return "runs";
      if (!isOver) return undefined;
      return isBad ? "blocked" : "skipped";
    },
    anyFailed: () => {
      if (isBad) return "runs";
      return isOver ? "skipped" : undefined;
    },
    noneFailed: () => {
      if (isBad) return "blocked";
      return isOver ? "runs" : undefined;
    },
  };
  return says[step.rule]();
}

function fails(step: Drawn, status: string | undefined): boolean {
  return status === "blocked" || (status === "failed" && !step.allowFailure);
}

function modelEnd(drawing: Drawing, statuses: Readonly<Record<string, string>>): string {
  const isBad = Object.entries(statuses).some(([name, status]) => fails(drawnOf(drawing, name), status));
  return isBad ? "failed" : "succeeded";
}

/** How often `advance` looks a step up in a plan of so many steps, each with eight needs. */
function looksAt(count: number): number {
  const names = Array.from({ length: count }, (_, index) => `s${index}`);
  const plan = aPlan(
    Object.fromEntries(
      names.map((name, index) => [name, { needs: names.slice(Math.max(0, index - 8), index), rule: "allEnded" }]),
    ),
  );
  const steps = new CountingMap(plan.steps);
  const { settle, start } = advance({ ...plan, steps }, new Map([["s0", { status: "failed" }]]), going());
  expect([settle, start]).toEqual([[], ["s1"]]);
  return steps.looks;
}

class CountingMap<K, V> extends Map<K, V> {
  looks = 0;

  override get(key: K): V | undefined {
    this.looks += 1;
    return super.get(key);
  }
}
