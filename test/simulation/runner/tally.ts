import { FAULT_CLASSES } from "../faults/call-faults.ts";
import type { Played } from "./player.ts";

/** What must have happened at least once in a batch of histories: what never happens has not been tested. */
export const SOMETIMES: readonly string[] = [
  ...Object.keys(FAULT_CLASSES),
  "kill",
  "freeze",
  "drain",
  "schedulersDown",
  "workersDown",
  "allDown",
  "outage",
  "longOutage",
  "cutOff",
  "purge",
  "poison",
  "replay",
  "clockStep",
  "hostClock",
  "wake-up missed",
  "wake-up twice",
  "no capacity",
  "call throttled",
  "kept for the next version",
  "request without answer",
  "limit with weights",
  "step started",
  "map ended",
  "workflow succeeded",
  "workflow failed",
  "workflow cancelled",
  "workflow timedOut",
  "delivered twice",
  "execution SUCCEEDED",
  "execution FAILED",
  "execution ABORTED",
  "worker reaped",
  "metric slots_rung_again",
  "metric attempts_lost",
  "metric results_fenced",
  "metric runs_of_dead_workers",
  "attempt succeeded",
  "attempt failed",
  "attempt timedOut",
  "attempt cancelled",
  "attempt lost",
  "attempt drained",
  "run succeeded",
  "run failed",
  "run timedOut",
  "run cancelled",
  "run expired",
  "run skipped overlap",
  "run skipped misfire",
  "run skipped deleted",
];

const HOUR_MS = 3_600_000;
/** One history in so many may have had no run while harm was done: everything was down, or nobody had defined a job. */
const MOST_VACUOUS = 50;

/** Sums histories up. */
export class Tally {
  seeds = 0;
  failed = 0;
  differing = 0;
  virtualMs = 0;
  events = 0;
  decisions = 0;
  readonly counts = new Map<string, number>();
  readonly invariants = new Map<string, number>();

  add({ report, isSame }: Played): void {
    this.seeds += 1;
    this.virtualMs += report.virtualMs;
    this.events += report.events;
    this.decisions += report.decisions;
    if (!isSame) this.differing += 1;
    if (report.violations.length > 0) this.failed += 1;
    for (const invariant of new Set(report.violations.map((violation) => violation.invariant)))
      this.invariants.set(invariant, (this.invariants.get(invariant) ?? 0) + 1);
    for (const [name, count] of report.counts) this.counts.set(name, (this.counts.get(name) ?? 0) + count);
  }

  /** Names of `SOMETIMES` that have not happened. */
  get never(): readonly string[] {
    return SOMETIMES.filter((name) => (this.counts.get(name) ?? 0) === 0);
  }

  /** Whether so many histories have proved nothing that the batch doesn't either. */
  get isVacuous(): boolean {
    return (this.counts.get("vacuous") ?? 0) > this.seeds / MOST_VACUOUS;
  }

  lines(): readonly string[] {
    const count = (name: string): number => this.counts.get(name) ?? 0;
    const kills = count("kill") + count("dieBefore") + count("dieAfter");
    return [
      `${this.seeds} histories, ${Math.round(this.virtualMs / HOUR_MS)} simulated hours, ${this.events} events, ${this.decisions} decisions`,
      `${count("slots")} slots, ${count("slots fired")} fired; ${count("runs")} runs; ${kills} kills, ${count("metric attempts_lost")} attempts lost, ${count("metric results_fenced")} late results refused`,
      `never happened: ${this.never.join(", ") || "nothing of what should"}`,
      `${count("vacuous")} without a run while harm was done${this.isVacuous ? ": too many" : ""}`,
      `${this.failed} failed, ${this.differing} differed when played again`,
    ];
  }
}
