import { formatDuration } from "../job/duration.ts";

/** An attempt of a step, or another stretch of its time. */
export interface GanttRow {
  readonly step: string;
  readonly attempt: number;
  readonly fromMs: number;
  /** `undefined`: it has not ended. */
  readonly toMs: number | undefined;
  readonly status: string;
}

export interface GanttOptions {
  /** Until when rows are drawn that have not ended. @default the last instant of any row */
  readonly nowMs?: number;
  /** Columns of the bars. @default 60 */
  readonly width?: number;
}

/**
 * Draws when attempts ran, a line for each, in the order given. A bar covers every column that its time touches; one that
 * has not ended is drawn with an open end.
 *
 * ```
 * 2026-03-08T03:00:00.000Z                        +10s
 * extract     ██████                                   2s500ms  succeeded
 * load #2           ▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▶        7s500ms  running
 * ```
 */
export function ganttText(rows: readonly GanttRow[], options: GanttOptions = {}): string {
  if (rows.length === 0) return "";
  const { width = 60 } = options;
  const fromMs = rows.reduce((least, row) => Math.min(least, row.fromMs), Infinity);
  const lastMs = rows.reduce((most, row) => Math.max(most, row.fromMs, row.toMs ?? row.fromMs), fromMs);
  const untilMs = Math.max(lastMs, options.nowMs ?? lastMs);
  const names = rows.map(({ step, attempt }) => (attempt === 1 ? step : `${step} #${attempt}`));
  const nameWidth = names.reduce((most, { length }) => Math.max(most, length), 0);
  const start = new Date(fromMs).toISOString();
  const length = `+${formatDuration(untilMs - fromMs)}`;
  const head = `${" ".repeat(nameWidth + 2)}${start}${length.padStart(Math.max(width - start.length, length.length + 1))}`;
  const lines = rows.map((row, index) => {
    const bar = barOf(row, { fromMs, untilMs, width });
    const took = formatDuration((row.toMs ?? untilMs) - row.fromMs);
    return `${(names[index] ?? "").padEnd(nameWidth)}  ${bar.padEnd(width)}  ${took}  ${row.status}`;
  });
  return [head, ...lines].join("\n");
}

function barOf(
  { fromMs, toMs }: GanttRow,
  frame: { readonly fromMs: number; readonly untilMs: number; readonly width: number },
): string {
  const spanMs = Math.max(1, frame.untilMs - frame.fromMs);
  const columnOf = (atMs: number) => ((atMs - frame.fromMs) / spanMs) * frame.width;
  const first = Math.min(frame.width - 1, Math.floor(columnOf(fromMs)));
  const end = Math.max(first + 1, Math.ceil(columnOf(toMs ?? frame.untilMs)));
  const bar = toMs === undefined ? `${"▒".repeat(end - first - 1)}▶` : "█".repeat(end - first);
  return " ".repeat(first) + bar;
}
