import { formatNumber, median } from "../harness/statistics.ts";
import type { AbsentRow, FactsRow, MeasurementRow, Row } from "../row.ts";
import { type Column, TABLES, type TableDefinition } from "./columns.ts";

const OURS = "carillon";

/** Results as Markdown: on what it was measured, durability, then a table for each workload with medians and ratios. */
export function report(rows: readonly Row[]): string {
  const facts = rows.find((row) => row.kind === "facts");
  const measured = rows.filter((row) => row.kind === "measurement");
  const parts = TABLES.flatMap((definition) => {
    const own = measured.filter((row) => row.workload === definition.workload && row.failure === undefined);
    return own.length === 0 ? [] : [`### ${definition.title}`, ...withinLevels(definition, own)];
  });
  return [
    ...(facts === undefined ? [] : factsText(facts)),
    ...parts,
    ...failures(measured),
    ...absences(rows.filter((row) => row.kind === "absent")),
  ].join("\n\n");
}

function factsText({ date, profile, repetitions, windowMs, machine, versions, disk, durability }: FactsRow): string[] {
  const known = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  const promises = Object.entries(durability).map(([label, { setting, survivesPowerLoss }]) => [
    label,
    setting,
    survivesPowerLoss ? "yes" : "no",
  ]);
  return [
    `Measured ${date.slice(0, 10)}, profile ${profile}: medians of ${repetitions} repetitions, windows of ${windowMs / 1_000} s. ` +
      `${machine}; a 4 KiB append with fdatasync takes ${disk.p50Us} µs (p50) to ${disk.p99Us} µs (p99). ${known.join(", ")}.`,
    table(["contender", "durability", "a finished write survives power loss"], promises),
  ];
}

function withinLevels(definition: TableDefinition, rows: readonly MeasurementRow[]): string[] {
  const levels = [...new Set(rows.map((row) => row.level))].toSorted((a, b) => a - b);
  return levels.flatMap((level) => {
    const own = rows.filter((row) => row.level === level);
    const caption = level === 0 ? [] : [`With ${formatNumber(level)} other jobs:`];
    return [...caption, measurements(definition.columns, own)];
  });
}

function measurements(columns: readonly Column[], rows: readonly MeasurementRow[]): string {
  const byContender = Map.groupBy(rows, (row) => row.contender);
  const lines = [...byContender].map(([contender, own]) => [
    `${contender}${noiseNote(own)}`,
    ...columns.map((column) => {
      const value = medianOf(column, own);
      const ratio = isPeer(contender) ? undefined : ratioToBest(column, value, rows);
      return `${formatNumber(value)}${ratio === undefined ? "" : ` (${formatRatio(ratio)})`}`;
    }),
  ]);
  return table(["", ...columns.map(({ title }) => title)], lines);
}

/** How many times better than the best peer; below 1, worse. `undefined` where there is nothing to compare. */
function ratioToBest(column: Column, value: number | null, rows: readonly MeasurementRow[]): number | undefined {
  if (column.better === undefined || value === null || value === 0) return undefined;
  const peers = Map.groupBy(
    rows.filter((row) => isPeer(row.contender)),
    (row) => row.contender,
  );
  const values = [...peers.values()].flatMap((own) => medianOf(column, own) ?? []);
  if (values.length === 0) return undefined;
  return column.better === "more" ? value / Math.max(...values) : Math.min(...values) / value;
}

function medianOf({ figure }: Column, rows: readonly MeasurementRow[]): number | null {
  return median(rows.map((row) => row.figures[figure]));
}

function isPeer(contender: string): boolean {
  return contender.split("@")[0] !== OURS;
}

function formatRatio(ratio: number): string {
  return `${ratio >= 10 ? Math.round(ratio) : ratio.toPrecision(2)}×`;
}

function noiseNote(rows: readonly MeasurementRow[]): string {
  const noisy = rows.filter((row) => row.isNoisy).length;
  return noisy === 0 ? "" : ` (noisy ${noisy}/${rows.length})`;
}

function failures(rows: readonly MeasurementRow[]): string[] {
  const lines = rows.flatMap(({ workload, contender, failure }) =>
    failure === undefined ? [] : [`- ${workload} ${contender}: ${failure.split("\n")[0] ?? ""}`],
  );
  return lines.length === 0 ? [] : ["Failed:", lines.join("\n")];
}

function absences(rows: readonly AbsentRow[]): string[] {
  const lines = rows.map(({ workload, contender, reason }) => `- ${workload ?? "all"} ${contender}: ${reason}`);
  return lines.length === 0 ? [] : ["Not measured:", [...new Set(lines)].join("\n")];
}

function table(head: readonly string[], lines: readonly (readonly string[])[]): string {
  const rule = head.map((_, index) => (index === 0 ? "---" : "---:"));
  return [head, rule, ...lines].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}
