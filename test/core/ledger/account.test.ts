import { describe, expect, it } from "vitest";
import { accountSlot, LedgerTally, MAX_TOLD } from "../../../core/ledger/account.ts";
import type { Gap } from "../../../core/ledger/gap.ts";
import type { EndedRun, QueuedRun, Run } from "../../../core/run/run.ts";

const NOTHING = { row: undefined, gaps: [], isPaused: false, isFresh: false } as const;
const GAP: Gap = { namespace: "n", job: "a", fromMs: 10, toMs: 20, reason: "misfire", version: 1 };

describe("accountSlot()", () => {
  it.each([
    { what: "no row, long ago", given: NOTHING, account: { kind: "unexplained" } },
    { what: "no row as yet", given: { ...NOTHING, isFresh: true }, account: { kind: "pending" } },
    {
      what: "no row, in a pause",
      given: { ...NOTHING, isPaused: true },
      account: { kind: "skipped", reason: "paused" },
    },
    { what: "a gap", given: { ...NOTHING, gaps: [GAP] }, account: { kind: "skipped", reason: "misfire" } },
    { what: "a waiting run", given: { ...NOTHING, row: aRun({ status: "queued" }) }, account: { kind: "pending" } },
    {
      what: "a skip",
      given: { ...NOTHING, row: aRun({ status: "skipped", reason: "overlap" }) },
      account: { kind: "skipped", reason: "overlap" },
    },
    {
      what: "an expiry",
      given: { ...NOTHING, row: aRun({ status: "expired" }) },
      account: { kind: "skipped", reason: "expired" },
    },
    {
      what: "a cancellation before the start",
      given: { ...NOTHING, row: aRun({ status: "cancelled" }) },
      account: { kind: "skipped", reason: "cancelled" },
    },
  ])("with $what is $account", ({ given, account }) => {
    expect(accountSlot(15, given)).toEqual(account);
  });

  it("takes a row for more than a gap that covers it", () => {
    const row = aRun({ status: "succeeded", attempt: 1 });
    expect(accountSlot(15, { ...NOTHING, row, gaps: [GAP] })).toEqual({ kind: "fired", run: row });
  });

  it.each([9, 21])("is not covered by a gap that does not hold %d", (atMs) => {
    expect(accountSlot(atMs, { ...NOTHING, gaps: [GAP] })).toEqual({ kind: "unexplained" });
  });
});

describe("LedgerTally", () => {
  it("sums up: expected is fired, skipped, pending and unexplained together", () => {
    const tally = new LedgerTally();
    for (let i = 1; i <= 100; i += 1) tally.add(i, { kind: "fired", run: firedRun(i) });
    tally.add(101, { kind: "skipped", reason: "paused" });
    tally.add(102, { kind: "skipped", reason: "paused" });
    tally.add(103, { kind: "pending" });
    for (let i = 0; i < 150; i += 1) tally.add(200 + i, { kind: "unexplained" });

    const summary = tally.summary();
    expect(summary).toMatchObject({
      expected: 253,
      fired: 100,
      skipped: { paused: 2 },
      skippedTotal: 2,
      pending: 1,
      unexplained: 150,
      attempts: 100,
      outcomes: { succeeded: 100 },
      lateness: { p50Ms: 50, p99Ms: 99, maxMs: 100 },
    });
    expect(summary.unexplainedSlots).toHaveLength(MAX_TOLD);
  });

  it("knows no lateness when nothing fired", () => {
    expect(new LedgerTally().summary()).toMatchObject({ expected: 0, lateness: undefined });
  });
});

/** A run that was skipped, changed as told. */
function aRun(change: Partial<EndedRun> | Partial<QueuedRun>): Run {
  const run: EndedRun = {
    namespace: "n",
    job: "a",
    stamp: "s",
    version: 1,
    cause: "slot",
    slotAtMs: 15,
    dueAtMs: 15,
    createdAtMs: 15,
    pool: "default",
    priority: "normal",
    epoch: 0,
    attempt: 0,
    charged: 0,
    attempts: [],
    status: "skipped",
    endedAtMs: 20,
  };
  return { ...run, ...change };
}

function firedRun(lateMs: number): Run {
  const instants = { startedAtMs: 15 + lateMs, endedAtMs: 500 };
  const attempt = { attempt: 1, epoch: 1, worker: "w", ...instants, outcome: "succeeded" } as const;
  return aRun({ status: "succeeded", attempt: 1, attempts: [attempt] });
}
