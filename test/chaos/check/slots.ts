import type { Job } from "../../../api/contract/job.ts";
import type { Run } from "../../../api/contract/run.ts";
import type { Operation } from "../operations.ts";
import type { Gap, JobReading, Violation } from "./history.ts";

/** A slot that must have a row, and the version that governs its instant. */
export interface ExpectedSlot {
  readonly atMs: number;
  readonly version: Job;
}

export interface SlotTally {
  readonly expected: number;
  readonly fired: number;
  /** By reason. */
  readonly skipped: Readonly<Record<string, number>>;
}

/** How long after a change of unknown outcome was given up it may have taken effect at the latest. */
const LATE_EFFECT_MS = 60_000;
/** Clocks of client and server are one, read at different moments. */
const SLACK_MS = 1_000;

/** Checks that every slot has its row and every row its slot. */
export function checkSlots(reading: JobReading, operations: readonly Operation[]): readonly Violation[] {
  const expected = expectedSlots(reading.versions);
  const rows = slotRuns(reading.runs);
  return [
    ...[...expected.values()].flatMap((slot) => checkSlot(slot, { reading, runs: rows.get(slot.atMs) ?? [] })),
    ...[...rows.values()].flat().flatMap((run) => checkOrigin(run, { reading, expected, operations })),
    ...checkLedger(reading, expected, rows),
  ];
}

/** What became of the slots of a job. */
export function tallySlots(reading: JobReading): SlotTally {
  const expected = expectedSlots(reading.versions);
  const rows = slotRuns(reading.runs);
  const skipped: Record<string, number> = {};
  let fired = 0;
  for (const { atMs } of expected.values()) {
    const [run] = rows.get(atMs) ?? [];
    const reason = run === undefined ? gapOver(reading.gaps, atMs)?.reason : skipReason(run);
    if (reason === undefined) fired += run === undefined ? 0 : 1;
    else skipped[reason] = (skipped[reason] ?? 0) + 1;
  }
  return { expected: expected.size, fired, skipped };
}

/**
 * The slots that must have a row: a version governs the instants after its own `since` up to the next one's. The slots of
 * a pause need a row once the job goes on.
 */
function expectedSlots(versions: readonly Job[]): ReadonlyMap<number, ExpectedSlot> {
  const slots = new Map<number, ExpectedSlot>();
  for (const [index, version] of versions.entries()) {
    const next = versions[index + 1];
    if (next === undefined || !isAccounted(versions, index)) continue;
    for (const atMs of instantsOf(version, { afterMs: Date.parse(version.since), untilMs: Date.parse(next.since) }))
      slots.set(atMs, { atMs, version });
  }
  return slots;
}

function isAccounted(versions: readonly Job[], index: number): boolean {
  const state = versions[index]?.state;
  if (state !== "paused") return state === "active";
  return versions.slice(index).find((later) => later.state !== "paused")?.state === "active";
}

/** The workload's schedules are all of one kind: every so many seconds of the epoch. */
function instantsOf(
  { definition }: Job,
  { afterMs, untilMs }: { afterMs: number; untilMs: number },
): readonly number[] {
  const cron = definition.schedule?.cron;
  if (cron === undefined) return [];
  const periodMs = periodOf(cron);
  const instants: number[] = [];
  for (let atMs = (Math.floor(afterMs / periodMs) + 1) * periodMs; atMs <= untilMs; atMs += periodMs)
    instants.push(atMs);
  return instants;
}

function periodOf(cron: string): number {
  const match = /^\*\/(\d+) \* \* \* \* \*$/.exec(cron);
  if (match === null) throw new Error(`Cannot compute the slots of ${cron}: only */N seconds are known here`);
  return Number(match[1]) * 1_000;
}

function slotRuns(runs: readonly Run[]): ReadonlyMap<number, readonly Run[]> {
  const rows = new Map<number, Run[]>();
  for (const run of runs) {
    if (run.cause !== "slot") continue;
    const atMs = Date.parse(run.slotAt);
    rows.set(atMs, [...(rows.get(atMs) ?? []), run]);
  }
  return rows;
}

function checkSlot(
  { atMs, version }: ExpectedSlot,
  { reading, runs }: { reading: JobReading; runs: readonly Run[] },
): readonly Violation[] {
  const slot = `slot ${new Date(atMs).toISOString()} of job ${reading.job} (version ${version.version}, ${version.state})`;
  const [run, ...others] = runs;
  if (others.length > 0) return [{ kind: "doubled", text: `${slot} has ${runs.length} runs`, atHostMs: atMs }];
  const gap = gapOver(reading.gaps, atMs);
  if (run === undefined && gap === undefined)
    return [{ kind: "lost", text: `${slot} has neither a run nor a gap`, atHostMs: atMs }];
  const reason = run === undefined ? gap?.reason : skipReason(run);
  const isJust = run === undefined ? isJustGap(version, reason) : isJustSkip(run, reading);
  return isJust ? [] : [{ kind: "lost", text: `${slot} was left out for ${reason}`, atHostMs: atMs }];
}

/** Slots are given up when they are missed; those of a pause also because of it. */
function isJustGap({ state }: Job, reason: string | undefined): boolean {
  return reason === "misfire" || (reason === "paused" && state === "paused");
}

/** Whether the reason for which a run was left out is one that its definition knows. No job of the workload has a queue time-out. */
function isJustSkip(run: Run, { versions }: JobReading): boolean {
  const definition = versions.find(({ version }) => version === run.version)?.definition;
  switch (skipReason(run)) {
    case undefined:
      return true;
    case "overlap":
      return ["skip", "queueOne"].includes(definition?.overlap ?? "skip");
    case "misfire":
      return definition?.misfire?.policy === "none";
    case "deleted":
      return versions.some(({ version, state }) => version > run.version && state === "deleted");
    default:
      return false;
  }
}

/** A run belongs to the version that governs its instant, or to the one before while the change was being made. */
function checkOrigin(
  run: Run,
  context: {
    reading: JobReading;
    expected: ReadonlyMap<number, ExpectedSlot>;
    operations: readonly Operation[];
  },
): readonly Violation[] {
  const { reading, expected, operations } = context;
  const atMs = Date.parse(run.slotAt);
  const governing = reading.versions.findLast(({ since }) => Date.parse(since) < atMs);
  if (governing?.version === run.version && expected.has(atMs)) return [];
  const own = reading.versions.find(({ version }) => version === run.version);
  const next = reading.versions.find(({ version }) => version === run.version + 1);
  if (own !== undefined && next !== undefined) {
    const isSlot = instantsOf(own, { afterMs: atMs - 1, untilMs: atMs }).length === 1;
    if (isSlot && atMs > Date.parse(own.since) && atMs <= committedBy(next, operations)) return [];
  }
  const text = `run ${run.id} of version ${run.version} is at no slot of the version that governs it (${governing?.version})`;
  return [{ kind: "unexplained", text, atHostMs: atMs }];
}

/**
 * The latest slot that may have fired before a change was committed. Its `since` can be earlier: it is taken when the change
 * begins, and one that comes after the clock was stepped back is put down for instants that have passed already.
 */
function committedBy({ name, version, since }: Job, operations: readonly Operation[]): number {
  const own = operations.filter(({ job }) => job === name);
  const acknowledged = own.filter(({ answer }) => answer?.version === version);
  if (acknowledged.length > 0) return Math.min(...acknowledged.map(({ latestHostMs }) => latestHostMs)) + SLACK_MS;
  const unknown = own.filter(({ outcome }) => outcome === "unknown");
  return Math.max(Date.parse(since), ...unknown.map(({ latestHostMs }) => latestHostMs)) + LATE_EFFECT_MS;
}

function checkLedger(
  { job, ledger }: JobReading,
  expected: ReadonlyMap<number, ExpectedSlot>,
  rows: ReadonlyMap<number, readonly Run[]>,
): readonly Violation[] {
  const total = new Set([...expected.keys(), ...rows.keys()]).size;
  const problems = [
    ...(ledger.unexplained === 0 ? [] : [`${ledger.unexplained} unexplained (${ledger.unexplainedSlots.join(", ")})`]),
    ...(ledger.pending === 0 ? [] : [`${ledger.pending} pending`]),
    ...(ledger.expected === total ? [] : [`${ledger.expected} expected where ${total} are`]),
  ];
  if (problems.length === 0) return [];
  return [{ kind: "unexplained", text: `the ledger of job ${job} tells of ${problems.join(", ")}` }];
}

function gapOver(gaps: readonly Gap[], atMs: number): Gap | undefined {
  return gaps.find(({ from, to }) => Date.parse(from) <= atMs && atMs <= Date.parse(to));
}

function skipReason({ status, reason }: Run): string | undefined {
  if (status === "skipped") return reason ?? "unknown";
  return status === "expired" ? "expired" : undefined;
}
