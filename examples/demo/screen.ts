import type { EtlSummary } from "./etl.ts";
import type { DemoSummary, JobSummary } from "./summary.ts";

/** Tells people what happens: what was done line by line, and a table of counts that is drawn anew where it can be. */
export class Screen {
  readonly #write: (text: string) => void;
  readonly #canRedraw: boolean;
  #drawnLines = 0;

  constructor(write: (text: string) => void, canRedraw: boolean) {
    this.#write = write;
    this.#canRedraw = canRedraw;
  }

  say(text: string): void {
    this.#write(`${text}\n`);
    this.#drawnLines = 0;
  }

  /** Draws over the table of before, if nothing has been said since. */
  draw(rows: readonly JobSummary[]): void {
    if (this.#canRedraw && this.#drawnLines > 0) this.#write(`\u001b[${this.#drawnLines}A\u001b[J`);
    const text = table(rows);
    this.#write(text);
    this.#drawnLines = text.split("\n").length - 1;
  }

  finish(summary: DemoSummary): void {
    const { lateness, killedWorker } = summary;
    this.say("");
    this.say("The ledger");
    this.#write(table(folded(summary.jobs)));
    this.say("");
    this.say(`expected     ${summary.expected}`);
    this.say(`fired        ${summary.fired}`);
    this.say(`skipped      ${wordsOf(summary.skipped)}`);
    this.say(`unexplained  ${summary.unexplained}`);
    this.say(`attempts     ${summary.attempts}`);
    this.say(`lateness     p50 ${lateness.p50Ms} ms, p99 ${lateness.p99Ms} ms, max ${lateness.maxMs} ms`);
    this.say(
      `killed       worker ${killedWorker.id} with ${killedWorker.runsLost} runs, all run again: ${killedWorker.runsRetried}`,
    );
    this.say(`workflow     ${workflowText(summary.workflow)}`);
    for (const promise of summary.broken) this.say(`BROKEN       ${promise}`);
    if (summary.broken.length === 0) this.say("Every promise was kept.");
  }
}

/** The many short jobs as one line. */
export function folded(rows: readonly JobSummary[]): readonly JobSummary[] {
  const beats = rows.filter(({ job }) => job.startsWith("beat-"));
  const others = rows.filter(({ job }) => !job.startsWith("beat-"));
  if (beats.length === 0) return rows;
  const total = beats.reduce((sum, row) => ({
    ...sum,
    expected: sum.expected + row.expected,
    fired: sum.fired + row.fired,
    pending: sum.pending + row.pending,
    unexplained: sum.unexplained + row.unexplained,
    attempts: sum.attempts + row.attempts,
  }));
  return [...others, { ...total, job: `beat × ${beats.length}` }];
}

function table(rows: readonly JobSummary[]): string {
  const header = ["job", "expected", "fired", "skipped", "pending", "unexplained", "attempts"];
  const cells = rows.map((row) =>
    [row.job, row.expected, row.fired, wordsOf(row.skipped), row.pending, row.unexplained, row.attempts].map(String),
  );
  const widths = header.map((name, column) => Math.max(name.length, ...cells.map((row) => row[column]?.length ?? 0)));
  return [header, ...cells]
    .map(
      (row) =>
        `  ${row
          .map((cell, column) => cell.padEnd(widths[column] ?? 0))
          .join("  ")
          .trimEnd()}\n`,
    )
    .join("");
}

function workflowText({ status, steps, regions, approvedBy, published }: EtlSummary): string {
  const ran = Object.values(steps).filter((step) => step === "succeeded").length;
  const parts = [
    `${ran} of ${Object.keys(steps).length} steps done`,
    `${regions} regions side by side`,
    ...(approvedBy === undefined ? [] : [`approved by ${approvedBy}`]),
    ...(published === undefined ? [] : [`${published.rows} rows published`]),
  ];
  return `daily-etl ${status}: ${parts.join(", ")}`;
}

function wordsOf(counts: Readonly<Record<string, number>>): string {
  const words = Object.entries(counts).map(([reason, count]) => `${count} ${reason}`);
  return words.length === 0 ? "0" : words.join(", ");
}
