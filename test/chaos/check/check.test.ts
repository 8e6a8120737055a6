import { describe, expect, it } from "vitest";
import type { Job } from "../../../api/contract/job.ts";
import type { Attempt, Run } from "../../../api/contract/run.ts";
import type { Effect } from "../effects.ts";
import type { Operation } from "../operations.ts";
import { check } from "./check.ts";
import type { CopyFinding, History, JobReading, ViolationKind } from "./history.ts";

/** What a falsified history is made of: a sound one, of which each test spoils one thing. */
interface Story {
  runs: Run[];
  gaps: JobReading["gaps"];
  versions: Job[];
  operations: Operation[];
  effects: Effect[];
  finals: Run[];
  copies: CopyFinding[];
  ledger: Partial<JobReading["ledger"]>;
  integrity: string;
}

const T0_MS = Date.parse("2026-03-08T07:30:00Z");
const iso = (ms: number) => new Date(ms).toISOString();

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
    // Version 2 governs from 4 s on; the slot at 5 s fires under version 1 before the answer came at 5.5 s.
    const edit = (latestHostMs: number) => (story: Story) => {
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
    expect(check(told(edit(T0_MS + 5_500)))).toEqual([]);
    expect(kinds(check(told(edit(T0_MS + 3_500))))).toEqual(["unexplained"]);
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

const definition: Job["definition"] = {
  name: "job",
  schedule: { cron: "*/1 * * * * *" },
  executor: { type: "command", argv: ["true"] },
  overlap: "skip",
  retry: { maxAttempts: 1 },
};
const { schedule: _schedule, ...withoutSchedule } = definition;

/** Six slots and a manual run, each executed once; then the schedule is taken away. */
function told(spoil: (story: Story) => void): History {
  const runs = [...Array.from({ length: 6 }, (_, index) => aRun(index + 1)), aManualRun()];
  const story: Story = {
    runs,
    gaps: [],
    versions: [aVersion(1, 0), { ...aVersion(2, 6_500), definition: withoutSchedule }],
    operations: [
      anOperation("define", { version: 1, since: iso(T0_MS), state: "active" }),
      anOperation("edit", { version: 2, since: iso(T0_MS + 6_500), state: "active" }),
      anOperation("trigger", { runId: "chaos.job@x-manual", status: "queued", attempt: 0 }),
    ],
    effects: runs.flatMap((run, index) => effectsOf(run, 1, index + 1)),
    finals: [],
    copies: [],
    ledger: {},
    integrity: "ok",
  };
  story.copies.push(aCopy(story));
  spoil(story);
  const total = new Set(story.runs.filter(({ cause }) => cause === "slot").map(({ slotAt }) => slotAt)).size;
  const ledger = {
    expected: total + coveredBy(story.gaps),
    unexplained: 0,
    pending: 0,
    unexplainedSlots: [],
    ...story.ledger,
  };
  const reading = {
    job: "job",
    versions: story.versions,
    runs: story.runs,
    gaps: story.gaps,
    ledger,
  } as JobReading;
  const { operations, effects, finals, copies, integrity } = story;
  return { operations, effects, finals, copies, integrity, first: [reading], second: [reading] };
}

function coveredBy(gaps: JobReading["gaps"]): number {
  return gaps.reduce((sum, { from, to }) => sum + (Date.parse(to) - Date.parse(from)) / 1_000 + 1, 0);
}

/** The first attempt of the first run was frozen, lost, and goes on while the second one is at work. */
function takeOver(story: Story): void {
  const run = { ...story.runs[0]!, attempt: 2, attempts: [anAttempt(1, "lost"), anAttempt(2, "succeeded")] };
  story.runs[0] = run;
  const [begin, done] = effectsOf(run, 1, 1);
  const [beginAgain, doneAgain] = effectsOf(run, 2, 2);
  story.effects.splice(0, 2, begin!, beginAgain!, done!, doneAgain!);
}

function dropManual(story: Story): void {
  story.runs = story.runs.filter(({ cause }) => cause === "slot");
  story.effects = story.effects.filter(({ runId }) => !runId.endsWith("-manual"));
}

function aRun(second: number): Run {
  const slotAt = iso(T0_MS + second * 1_000);
  return {
    id: `chaos.job@${slotAt}`,
    namespace: "chaos",
    job: "job",
    version: 1,
    status: "succeeded",
    cause: "slot",
    slotAt,
    dueAt: slotAt,
    createdAt: slotAt,
    pool: "default",
    priority: "normal",
    attempt: 1,
    attempts: [anAttempt(1, "succeeded")],
    startedAt: slotAt,
    endedAt: slotAt,
  };
}

function aManualRun(): Run {
  return { ...aRun(1), id: "chaos.job@x-manual", cause: "manual", parameters: { operation: "trigger" } };
}

function anAttempt(attempt: number, outcome: Attempt["outcome"]): Attempt {
  return { attempt, worker: "w", startedAt: iso(T0_MS), endedAt: iso(T0_MS), outcome };
}

function aVersion(version: number, afterMs: number): Job {
  const since = iso(T0_MS + afterMs);
  return { namespace: "chaos", name: "job", version, state: "active", definition, createdAt: iso(T0_MS), since };
}

function anOperation(kind: Operation["kind"], answer: NonNullable<Operation["answer"]>): Operation {
  return {
    id: kind,
    kind,
    job: "job",
    isIdempotent: true,
    begunAtUptimeMs: 1_000,
    endedAtUptimeMs: 2_000,
    latestHostMs: T0_MS + 7_000,
    outcome: "acknowledged",
    answer,
  };
}

function withoutAnswer(operation: Operation): Operation {
  const { answer: _, ...rest } = operation;
  return rest;
}

function loseAnswers(story: Story): void {
  story.operations = story.operations.map(unknown);
}

function unknown(operation: Operation): Operation {
  return { ...withoutAnswer(operation), outcome: "unknown" };
}

function effectsOf(run: Run, attempt: number, place: number): readonly Effect[] {
  const of = { runId: run.id, attempt, epoch: attempt, atUptimeMs: 3_000 + place };
  return [
    { phase: "begin", ...of },
    { phase: "done", ...of },
  ];
}

function aCopy({ operations, runs }: Story): CopyFinding {
  return {
    name: "copy 1 (whole)",
    atUptimeMs: 5_000,
    owed: [...operations],
    owedFinals: [],
    integrity: "ok",
    contents: {
      triggered: { trigger: "queued" },
      runs: Object.fromEntries(runs.slice(1).map(({ id, status }) => [id, status])),
      cancelling: [],
      versions: ["job@1", "job@2"],
    },
  };
}
