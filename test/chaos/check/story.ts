import type { Job } from "../../../api/contract/job.ts";
import type { Attempt, Run } from "../../../api/contract/run.ts";
import type { Effect } from "../effects.ts";
import type { Operation } from "../operations.ts";
import type { CopyFinding, History, JobReading } from "./history.ts";

/** What a falsified history is made of: a sound one, of which each test spoils one thing. */
export interface Story {
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

export const T0_MS = Date.parse("2026-03-08T07:30:00Z");
export const iso = (ms: number) => new Date(ms).toISOString();

export const definition: Job["definition"] = {
  name: "job",
  schedule: { cron: "*/1 * * * * *" },
  executor: { type: "command", argv: ["true"] },
  overlap: "skip",
  retry: { maxAttempts: 1 },
};
const { schedule: _schedule, ...rest } = definition;
/** The same without a schedule: its last version. */
export const withoutSchedule: Job["definition"] = rest;

/** Six slots and a manual run, each executed once; then the schedule is taken away. */
export function told(spoil: (story: Story) => void): History {
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
export function takeOver(story: Story): void {
  const run = { ...story.runs[0]!, attempt: 2, attempts: [anAttempt(1, "lost"), anAttempt(2, "succeeded")] };
  story.runs[0] = run;
  const [begin, done] = effectsOf(run, 1, 1);
  const [beginAgain, doneAgain] = effectsOf(run, 2, 2);
  story.effects.splice(0, 2, begin!, beginAgain!, done!, doneAgain!);
}

export function dropManual(story: Story): void {
  story.runs = story.runs.filter(({ cause }) => cause === "slot");
  story.effects = story.effects.filter(({ runId }) => !runId.endsWith("-manual"));
}

export function aRun(second: number): Run {
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

export function anAttempt(attempt: number, outcome: Attempt["outcome"]): Attempt {
  return { attempt, worker: "w", startedAt: iso(T0_MS), endedAt: iso(T0_MS), outcome };
}

export function aVersion(version: number, afterMs: number): Job {
  const since = iso(T0_MS + afterMs);
  return { namespace: "chaos", name: "job", version, state: "active", definition, createdAt: iso(T0_MS), since };
}

export function anOperation(kind: Operation["kind"], answer: NonNullable<Operation["answer"]>): Operation {
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

export function withoutAnswer(operation: Operation): Operation {
  const { answer: _, ...rest } = operation;
  return rest;
}

export function loseAnswers(story: Story): void {
  story.operations = story.operations.map(unknown);
}

function unknown(operation: Operation): Operation {
  return { ...withoutAnswer(operation), outcome: "unknown" };
}

export function effectsOf(run: Run, attempt: number, place: number): readonly Effect[] {
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
