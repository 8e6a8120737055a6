import type { History, Violation, ViolationKind } from "./check/history.ts";
import { tallySlots } from "./check/slots.ts";
import type { Counts } from "./counts.ts";
import type { HarmTally } from "./harm/tally.ts";

/** The ledger of a round: what was done, what came of it, what was violated. */
export interface Report {
  readonly seed: number;
  readonly minutes: number;
  /** What became of what was planned, by kind of harm. */
  readonly harm: ReturnType<HarmTally["report"]>;
  readonly kills: Readonly<Record<string, number>>;
  readonly killsTotal: number;
  readonly freezes: Readonly<Record<string, number>>;
  readonly outages: Readonly<Record<string, number>>;
  readonly clockSteps: Readonly<Record<string, number>>;
  readonly terminations: Readonly<Record<string, number>>;
  readonly extraServers: number;
  /** Requests that something happened to on their way. */
  readonly requests: Readonly<Record<string, number>>;
  readonly copies: Readonly<Record<string, number>>;
  readonly operations: Readonly<Record<string, number>>;
  readonly slots: {
    readonly expected: number;
    readonly fired: number;
    readonly skipped: Readonly<Record<string, number>>;
  };
  /** Of the latest job, by the clock of the hosts: steps of it count in. */
  readonly latenessP99Ms: number;
  readonly runs: number;
  readonly attempts: number;
  readonly attemptsByOutcome: Readonly<Record<string, number>>;
  /** Attempts that were taken from their workers. */
  readonly takeovers: number;
  /** Results of such attempts that came after all, and were refused; as far as the servers lived to tell. */
  readonly fenced: number;
  readonly effects: number;
  readonly logMegabytes: number;
  readonly healedAfterS: number;
  readonly lost: number;
  readonly doubled: number;
  readonly missing: number;
  readonly unexplained: number;
  /** Other violations, by kind. */
  readonly others: Readonly<Record<string, number>>;
}

export interface ReportOptions {
  readonly seed: number;
  readonly minutes: number;
  readonly tally: HarmTally;
  readonly counts: Counts;
  readonly healedAfterMs: number;
  readonly violations: readonly Violation[];
  readonly fenced: number;
  readonly logBytes: number;
}

export function makeReport(history: History, options: ReportOptions): Report {
  const { seed, minutes, tally: harm, counts, healedAfterMs, violations, fenced, logBytes } = options;
  const runs = history.second.flatMap((reading) => reading.runs);
  const outcomes = tally(runs.flatMap(({ attempts }) => attempts.map(({ outcome }) => outcome)));
  const found = tally(violations.map(({ kind }) => kind));
  const of = (kind: ViolationKind) => found[kind] ?? 0;
  const { lost: _l, doubled: _d, missing: _m, unexplained: _u, ...others } = found;
  return {
    seed,
    minutes,
    harm: harm.report(),
    kills: counts.under("kills."),
    killsTotal: counts.sum("kills."),
    freezes: counts.under("freezes."),
    outages: counts.under("outages."),
    clockSteps: counts.under("clock steps."),
    terminations: counts.under("terminations."),
    extraServers: counts.of("extra servers"),
    requests: counts.under("requests."),
    copies: counts.under("copies."),
    operations: tally(history.operations.map(({ outcome }) => outcome)),
    slots: sumOfSlots(history),
    latenessP99Ms: Math.max(0, ...history.second.map(({ ledger }) => ledger.lateness?.p99Ms ?? 0)),
    runs: runs.length,
    attempts: runs.reduce((sum, { attempt }) => sum + attempt, 0),
    attemptsByOutcome: outcomes,
    takeovers: outcomes["lost"] ?? 0,
    fenced,
    effects: history.effects.length,
    logMegabytes: Math.round(logBytes / 2 ** 20),
    healedAfterS: Math.round(healedAfterMs / 100) / 10,
    lost: of("lost"),
    doubled: of("doubled"),
    missing: of("missing"),
    unexplained: of("unexplained"),
    others,
  };
}

function sumOfSlots({ second }: History): Report["slots"] {
  const tallies = second.map(tallySlots);
  const skipped: Record<string, number> = {};
  for (const each of tallies)
    for (const [reason, count] of Object.entries(each.skipped)) skipped[reason] = (skipped[reason] ?? 0) + count;
  return {
    expected: tallies.reduce((sum, { expected }) => sum + expected, 0),
    fired: tallies.reduce((sum, { fired }) => sum + fired, 0),
    skipped,
  };
}

function tally(words: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const word of words) counts[word] = (counts[word] ?? 0) + 1;
  return counts;
}
