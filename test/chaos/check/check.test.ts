import { describe, expect, it } from "vitest";
import { check } from "./check.ts";
import type { ViolationKind } from "./history.ts";
import {
  anAttempt,
  anOperation,
  aRun,
  aVersion,
  definition,
  dropManual,
  effectsOf,
  iso,
  loseAnswers,
  T0_MS,
  takeOver,
  told,
  withoutAnswer,
  withoutSchedule,
  type Story,
} from "./story.ts";

describe("check()", () => {
  it("finds nothing in a sound history", () => {
    expect(check(told(() => {}))).toEqual([]);
  });

  it("allows an operation of unknown outcome to have happened, and not to have happened", () => {
    expect(check(told(loseAnswers))).toEqual([]);
    const without = told((story) => {
      loseAnswers(story);
      dropManual(story);
    });
    expect(check(without)).toEqual([]);
  });

  it("excuses the late effect of an attempt that was taken over", () => {
    const history = told(takeOver);
    expect(check(history)).toEqual([]);
  });

  it("allows a slot of the former version to fire until the change was acknowledged, and none later", () => {
    expect(check(told(change(T0_MS + 5_500)))).toEqual([]);
    expect(kinds(check(told(change(T0_MS + 3_500))))).toEqual(["unexplained"]);
  });

  const FALSIFIED: readonly (readonly [string, ViolationKind, (story: Story) => void])[] = [
    ["a slot without a row", "lost", ({ runs, effects }) => (runs.splice(2, 1), effects.splice(4, 2))],
    [
      "a slot that a gap does not quite cover",
      "lost",
      (story) => {
        story.runs.splice(1, 2);
        story.effects.splice(2, 4);
        story.gaps = [{ from: iso(T0_MS + 3_000), to: iso(T0_MS + 3_000), reason: "misfire", version: 1 }];
      },
    ],
    [
      "a slot that was left out for a pause that nobody made",
      "lost",
      (story) => {
        story.runs.splice(2, 1);
        story.effects.splice(4, 2);
        story.gaps = [{ from: iso(T0_MS + 3_000), to: iso(T0_MS + 3_000), reason: "paused", version: 1 }];
      },
    ],
    [
      "a slot that was left out as missed although its policy lets it fire",
      "lost",
      ({ runs, effects }) => {
        runs[2] = { ...runs[2]!, status: "skipped", reason: "misfire", attempt: 0, attempts: [] };
        effects.splice(4, 2);
      },
    ],
    ["a run that does not end", "lost", ({ runs }) => (runs[0] = { ...runs[0]!, status: "running", attempts: [] })],
    [
      "a slot with two runs",
      "doubled",
      ({ runs, effects }) => {
        runs.push({ ...runs[1]!, id: `${runs[1]!.id}-again` });
        effects.push(...effectsOf(runs.at(-1)!, 1, 90));
      },
    ],
    [
      "an attempt after an accepted success",
      "doubled",
      ({ runs, effects }) => {
        const again = { ...runs[0]!.attempts[0]!, attempt: 2 };
        runs[0] = { ...runs[0]!, attempt: 2, attempts: [...runs[0]!.attempts, again] };
        effects.push(...effectsOf(runs[0], 2, 90));
      },
    ],
    ["an attempt that nothing tells of", "doubled", ({ runs }) => (runs[0] = { ...runs[0]!, attempt: 2 })],
    [
      "one attempt more than is allowed, although it succeeded",
      "doubled",
      ({ runs, effects }) => {
        const attempts = [anAttempt(1, "failed"), anAttempt(2, "succeeded")];
        runs[0] = { ...runs[0]!, attempt: 2, attempts };
        effects.push(...effectsOf(runs[0], 2, 90));
      },
    ],
    [
      "more failures than attempts are allowed",
      "doubled",
      ({ runs, effects }) => {
        const attempts = [1, 2, 3].map((attempt) => anAttempt(attempt, attempt < 3 ? "failed" : "succeeded"));
        runs[0] = { ...runs[0]!, attempt: 3, attempts };
        effects.push(...effectsOf(runs[0], 3, 90));
      },
    ],
    [
      "one attempt with two holders",
      "doubled",
      ({ runs, effects }) => effects.push({ ...effectsOf(runs[0]!, 1, 90)[0]!, epoch: 2 }),
    ],
    [
      "a success of a holder that had been fenced",
      "doubled",
      (story) => {
        takeOver(story);
        // The record says that the first attempt is the accepted one after all.
        const run = story.runs[0]!;
        story.runs[0] = { ...run, attempt: 1, attempts: [anAttempt(1, "succeeded")] };
        story.effects = story.effects.filter(({ attempt, phase }) => attempt === 1 || phase === "begin");
        story.effects = story.effects.map((effect) => ({ ...effect, attempt: 1 }));
      },
    ],
    [
      "a trigger with a key that made two runs",
      "doubled",
      ({ runs, effects }) => {
        runs.push({ ...runs.at(-1)!, id: "chaos.job@y-manual" });
        effects.push(...effectsOf(runs.at(-1)!, 1, 90));
      },
    ],
    ["an acknowledged trigger without a run", "missing", (story) => dropManual(story)],
    [
      "an acknowledged version that is another",
      "missing",
      ({ versions }) => (versions[0] = { ...versions[0]!, state: "paused" }),
    ],
    [
      "a cancellation that was forgotten",
      "missing",
      (story) =>
        story.operations.push(anOperation("cancel", { runId: "chaos.job@x-manual", status: "cancelled", attempt: 1 })),
    ],
    [
      "a final state that was seen and is gone",
      "missing",
      (story) => story.finals.push({ ...story.runs[0]!, id: "chaos.job@gone" }),
    ],
    ["a final state that changes", "changed", (story) => story.finals.push({ ...story.runs[0]!, status: "failed" })],
    [
      "a refused trigger that has a run",
      "unexplained",
      ({ operations }) => (operations[2] = { ...withoutAnswer(operations[2]!), outcome: "refused" }),
    ],
    ["a manual run that nobody asked for", "unexplained", (story) => story.operations.splice(2, 1)],
    ["a version that nobody asked for", "unexplained", ({ operations }) => operations.splice(1, 1)],
    [
      "a run at an instant that is no slot",
      "unexplained",
      ({ runs, effects }) => {
        runs.push({ ...aRun(1), id: "chaos.job@stray", slotAt: iso(T0_MS + 1_500) });
        effects.push(...effectsOf(runs.at(-1)!, 1, 90));
      },
    ],
    ["a ledger that can't account for a slot", "unexplained", (story) => (story.ledger = { unexplained: 1 })],
    [
      "a cancelled run that was begun again",
      "revived",
      ({ operations, runs, effects }) => {
        operations.push(anOperation("cancel", { runId: runs[0]!.id, status: "running", attempt: 1 }));
        runs[0] = { ...runs[0]!, attempt: 2, attempts: [anAttempt(1, "lost"), anAttempt(2, "succeeded")] };
        effects.push(...effectsOf(runs[0], 2, 90));
      },
    ],
    ["a success without its effect", "phantom", ({ effects }) => effects.splice(1, 1)],
    [
      "an effect of an attempt that is not recorded",
      "phantom",
      ({ runs, effects }) => effects.push(...effectsOf(runs[0]!, 2, 90)),
    ],
    [
      "two attempts of a run at once, none of them lost",
      "overlap",
      (story) => {
        takeOver(story);
        story.runs[0] = { ...story.runs[0]!, attempts: [anAttempt(1, "drained"), anAttempt(2, "succeeded")] };
      },
    ],
    [
      "two runs at once of a job that skips",
      "overlap",
      (story) => {
        const [first, second, third, ...rest] = story.effects;
        story.effects = [first!, third!, second!, ...rest];
      },
    ],
    ["a damaged database", "corrupt", (story) => (story.integrity = "row 1 missing from index")],
    ["a damaged copy", "corrupt", ({ copies }) => (copies[0] = { ...copies[0]!, integrity: "malformed" })],
    [
      "a copy without an acknowledged trigger",
      "missing",
      ({ copies }) => (copies[0] = { ...copies[0]!, contents: { ...copies[0]!.contents, triggered: {} } }),
    ],
    [
      "a copy without an end that was seen",
      "missing",
      ({ copies, runs }) => (copies[0] = { ...copies[0]!, owedFinals: [runs[0]!] }),
    ],
    [
      "a copy without an acknowledged version",
      "missing",
      ({ copies }) => (copies[0] = { ...copies[0]!, contents: { ...copies[0]!.contents, versions: [] } }),
    ],
  ];

  it.each(FALSIFIED)("finds %s", (_, kind, spoil) => {
    expect(kinds(check(told(spoil)))).toContain(kind);
  });
});

function kinds(violations: ReturnType<typeof check>): readonly ViolationKind[] {
  return [...new Set(violations.map(({ kind }) => kind))];
}

/** Version 2 governs from 4 s on, and the slot at 5 s fires under version 1; the answer came when it was `latestHostMs`. */
function change(latestHostMs: number): (story: Story) => void {
  return (story) => {
    story.versions.splice(1, 0, {
      ...aVersion(2, 4_000),
      definition: { ...definition, schedule: { cron: "*/4 * * * * *" } },
    });
    story.versions[2] = { ...aVersion(3, 6_500), definition: withoutSchedule };
    story.operations[1] = {
      ...anOperation("edit", { version: 2, since: iso(T0_MS + 4_000), state: "active" }),
      latestHostMs,
    };
    story.operations.push({
      ...anOperation("edit", { version: 3, since: iso(T0_MS + 6_500), state: "active" }),
      id: "end",
    });
    story.runs = story.runs.filter(({ slotAt, cause }) => cause !== "slot" || Date.parse(slotAt) <= T0_MS + 5_000);
    story.effects = story.effects.filter(({ runId }) => story.runs.some(({ id }) => id === runId));
  };
}
