import type { Command } from "commander";
import type { LedgerRow, LedgerSummary } from "../../../api/contract/ledger.ts";
import type { Actions } from "../command-action.ts";
import { shortDuration } from "../instants.ts";
import { instant, wholeNumber } from "../option-values.ts";
import type { Session } from "../session.ts";
import { type Cell, table } from "../table.ts";
import { take } from "../take.ts";

interface LedgerOptions {
  readonly from?: string;
  readonly to?: string;
  readonly rows?: boolean;
  readonly limit?: number;
}

const DEFAULT_ROWS = 100;
const MAX_LISTED_SLOTS = 10;

export function addLedgerCommand(program: Command, actions: Actions): void {
  const readInstant = instant(actions.io.nowMs);
  actions.on<LedgerOptions, [job: string]>(
    program
      .command("ledger <job>")
      .description("Account for every slot of a job in a stretch of time")
      .option("--from <instant>", "such as 2026-03-01T00:00:00Z or -7d (default: a day before the end)", readInstant)
      .option("--to <instant>", "end, exclusive (default: now)", readInstant)
      .option("--rows", "list the rows, newest first, in place of their sum")
      .option("--limit <n>", `at most so many rows (default: ${DEFAULT_ROWS})`, wholeNumber(1, 100_000)),
    async (session, { rows = false, limit = DEFAULT_ROWS, ...range }, job) => {
      const client = await session.client();
      if (!rows) {
        const summary = await client.jobs.ledger(session.job(job), range);
        return session.show(summary, { human: () => summaryText(summary, session) });
      }
      const options = { ...range, limit: Math.min(limit, 1_000) };
      const found = await take(client.jobs.ledgerRows(session.job(job), options), limit);
      const headings = ["SLOT", "STATUS", "REASON", "RUN"];
      session.show(
        { items: found },
        {
          human: () =>
            table(
              headings,
              found.map((row) => rowCells(row, session)),
            ),
        },
      );
    },
  );
}

/** `Expected 1,440, fired 1,437, skipped 3 (3 overlap), pending 0, unexplained 0`, and what there is to add. */
function summaryText(summary: LedgerSummary, session: Session): string {
  const { from, to, expected, fired, skippedTotal, pending, unexplained, lateness, unexplainedSlots } = summary;
  const lines = [
    `${session.instant(from)} to ${session.instant(to)}`,
    `Expected ${number(expected)}, fired ${number(fired)}, skipped ${number(skippedTotal)}${skippedTotal === 0 ? "" : ` (${countsText(summary.skipped)})`}, ` +
      `pending ${number(pending)}, unexplained ${number(unexplained)}`,
  ];
  if (fired > 0) lines.push(`Outcomes: ${countsText(summary.outcomes)}; ${number(summary.attempts)} attempts`);
  if (lateness !== undefined) {
    const { p50Ms, p99Ms, maxMs } = lateness;
    lines.push(`Due to start: p50 ${shortDuration(p50Ms)}, p99 ${shortDuration(p99Ms)}, max ${shortDuration(maxMs)}`);
  }
  const listed = unexplainedSlots.slice(0, MAX_LISTED_SLOTS).map((at) => session.instant(at));
  if (listed.length > 0) lines.push(`Unexplained: ${listed.join(", ")}${unexplained > listed.length ? ", …" : ""}`);
  return `${lines.join("\n")}\n`;
}

function countsText(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts)
    .map(([name, count]) => `${number(count)} ${name}`)
    .join(", ");
}

function rowCells(row: LedgerRow, session: Session): Cell[] {
  if ("run" in row) return [session.instant(row.run.slotAt), row.run.status, row.run.reason, row.run.id];
  const { from, to, reason, detail } = row.gap;
  const until = from === to ? "" : ` to ${session.instant(to)}`;
  return [
    `${session.instant(from)}${until}`,
    "skipped",
    detail === undefined ? reason : `${reason}: ${detail}`,
    undefined,
  ];
}

function number(value: number): string {
  return value.toLocaleString("en-US");
}
