import type { LedgerSummary as Summary } from "../../core/ledger/account.ts";
import type { LedgerRow as StoredRow } from "../../core/store/run-store.ts";
import type { LedgerRow, LedgerSummary } from "../contract/ledger.ts";
import { iso } from "./iso.ts";
import { presentRun } from "./present-run.ts";

export function presentSummary(summary: Summary, range: { fromMs: number; toMs: number }): LedgerSummary {
  const { lateness, skipped, outcomes, unexplainedSlots, ...counts } = summary;
  return {
    from: iso(range.fromMs),
    to: iso(range.toMs),
    ...counts,
    skipped: { ...skipped },
    outcomes: { ...outcomes },
    unexplainedSlots: unexplainedSlots.map(iso),
    ...(lateness === undefined ? {} : { lateness }),
  };
}

export function presentRow(row: StoredRow): LedgerRow {
  if ("run" in row) return { run: presentRun(row.run) };
  const { fromMs, toMs, reason, version, detail } = row.gap;
  return { gap: { from: iso(fromMs), to: iso(toMs), reason, version, ...(detail === undefined ? {} : { detail }) } };
}
