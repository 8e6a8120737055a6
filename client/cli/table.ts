import { printableLine } from "./printable.ts";

/** Numbers stand to the right; what is missing shows as `-`. */
export type Cell = string | number | undefined;

const GAP = "  ";

/** Aligned columns below headings, each line ended by a line feed. Widths count code points. */
export function table(headings: readonly string[], rows: readonly (readonly Cell[])[]): string {
  return align([headings, ...rows]);
}

/** Names and values, one pair a line; pairs without a value are left out. */
export function pairs(values: Readonly<Record<string, Cell>>): string {
  return align(
    Object.entries(values).flatMap(([name, value]) => (value === undefined ? [] : [[`${name}:`, String(value)]])),
  );
}

function align(rows: readonly (readonly Cell[])[]): string {
  const texts = rows.map((row) => row.map((cell) => (cell === undefined ? "-" : printableLine(String(cell)))));
  const widths: number[] = [];
  for (const row of texts) {
    for (const [column, text] of row.entries()) widths[column] = Math.max(widths[column] ?? 0, widthOf(text));
  }
  return texts.map((row, index) => `${lineOf(row, rows[index] ?? [], widths)}\n`).join("");
}

function lineOf(texts: readonly string[], cells: readonly Cell[], widths: readonly number[]): string {
  const padded = texts.map((text, column) => {
    const padding = " ".repeat((widths[column] ?? 0) - widthOf(text));
    return typeof cells[column] === "number" ? padding + text : text + padding;
  });
  return padded.join(GAP).trimEnd();
}

function widthOf(text: string): number {
  return Array.from(text).length;
}
