import type { EndedRun, EndedStatus, Run } from "../run/run.ts";
import type { Gap } from "./gap.ts";

/** Why a slot has no execution, as the ledger tells it. */
export type UnfiredReason = NonNullable<EndedRun["reason"]> | Extract<EndedStatus, "expired" | "cancelled">;

/** What became of one slot. */
export type SlotAccount =
  | { readonly kind: "fired"; readonly run: Run }
  | { readonly kind: "skipped"; readonly reason: UnfiredReason }
  /** Recorded and waiting, or due so lately that its row may still come. */
  | { readonly kind: "pending" }
  | { readonly kind: "unexplained" };

/** The sum of a job's slots in a stretch of time. `expected` = fired + skipped + pending + unexplained. */
export interface LedgerSummary {
  readonly expected: number;
  readonly fired: number;
  readonly skipped: Readonly<Record<string, number>>;
  readonly skippedTotal: number;
  readonly pending: number;
  readonly unexplained: number;
  /** The first slots without explanation, at most `MAX_TOLD`. */
  readonly unexplainedSlots: readonly number[];
  /** Attempts of the fired slots' runs. */
  readonly attempts: number;
  readonly outcomes: Readonly<Record<string, number>>;
  /** From due to the start of the first attempt, milliseconds; `undefined` when nothing fired. */
  readonly lateness: { readonly p50Ms: number; readonly p99Ms: number; readonly maxMs: number } | undefined;
}

export const MAX_TOLD = 100;

/** Accounts for one slot: its own row first, then a gap that covers it, then a pause that is still going on. */
export function accountSlot(
  atMs: number,
  { row, gaps, isPaused, isFresh }: { row: Run | undefined; gaps: readonly Gap[]; isPaused: boolean; isFresh: boolean },
): SlotAccount {
  if (row !== undefined) return accountRow(row);
  const gap = gaps.find(({ fromMs, toMs }) => fromMs <= atMs && atMs <= toMs);
  if (gap !== undefined) return { kind: "skipped", reason: gap.reason };
  if (isPaused) return { kind: "skipped", reason: "paused" };
  return isFresh ? { kind: "pending" } : { kind: "unexplained" };
}

function accountRow(run: Run): SlotAccount {
  if (run.attempt > 0) return { kind: "fired", run };
  switch (run.status) {
    case "skipped":
      return { kind: "skipped", reason: run.reason ?? "overlap" };
    case "expired":
    case "cancelled":
      return { kind: "skipped", reason: run.status };
    default:
      return { kind: "pending" };
  }
}

/** Sums accounts up. */
export class LedgerTally {
  #expected = 0;
  #fired = 0;
  #pending = 0;
  #attempts = 0;
  readonly #skipped = new Map<string, number>();
  readonly #outcomes = new Map<string, number>();
  readonly #unexplained: number[] = [];
  readonly #lateness: number[] = [];

  add(atMs: number, account: SlotAccount): void {
    this.#expected += 1;
    switch (account.kind) {
      case "fired": {
        const { run } = account;
        this.#fired += 1;
        this.#attempts += run.attempt;
        increment(this.#outcomes, run.status);
        const startedAtMs = firstStartMs(run);
        if (startedAtMs !== undefined) this.#lateness.push(startedAtMs - run.dueAtMs);
        break;
      }
      case "skipped":
        increment(this.#skipped, account.reason);
        break;
      case "pending":
        this.#pending += 1;
        break;
      case "unexplained":
        this.#unexplained.push(atMs);
        break;
    }
  }

  summary(): LedgerSummary {
    const skipped = Object.fromEntries(this.#skipped);
    return {
      expected: this.#expected,
      fired: this.#fired,
      skipped,
      skippedTotal: Object.values(skipped).reduce((sum, count) => sum + count, 0),
      pending: this.#pending,
      unexplained: this.#unexplained.length,
      unexplainedSlots: this.#unexplained.slice(0, MAX_TOLD),
      attempts: this.#attempts,
      outcomes: Object.fromEntries(this.#outcomes),
      lateness: percentiles(this.#lateness),
    };
  }
}

function firstStartMs(run: Run): number | undefined {
  const [first] = run.attempts;
  if (first !== undefined) return first.startedAtMs;
  return run.status === "running" ? run.startedAtMs : undefined;
}

function increment(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

/** Nearest-rank percentiles, rounded to a tenth of a millisecond. */
function percentiles(values: number[]): LedgerSummary["lateness"] {
  if (values.length === 0) return undefined;
  const sorted = values.toSorted((a, b) => a - b);
  const rank = (share: number): number => {
    const value = sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? 0;
    return Math.round(value * 10) / 10;
  };
  return { p50Ms: rank(0.5), p99Ms: rank(0.99), maxMs: rank(1) };
}
