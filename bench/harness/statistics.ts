import type { Figures } from "../messages.ts";

/** The nearest-rank percentile of ascending values; `null` when there are none. */
export function percentile(ascending: ArrayLike<number>, percent: number): number | null {
  const rank = Math.ceil((percent / 100) * ascending.length);
  return ascending[Math.min(ascending.length - 1, Math.max(0, rank - 1))] ?? null;
}

export function median(values: readonly (number | null | undefined)[]): number | null {
  const known = values.filter((value) => typeof value === "number").toSorted((a, b) => a - b);
  const middle = Math.floor(known.length / 2);
  const upper = known[middle];
  if (upper === undefined) return null;
  return known.length % 2 === 1 ? upper : ((known[middle - 1] ?? upper) + upper) / 2;
}

/** How late things were. A start is early when it was more than a millisecond before its time. */
export function latenessOf(latenessMs: readonly number[]): Figures {
  const ascending = latenessMs.toSorted((a, b) => a - b);
  return {
    p50Ms: percentile(ascending, 50),
    p99Ms: percentile(ascending, 99),
    maxMs: percentile(ascending, 100),
    early: ascending.filter((ms) => ms < -1).length,
  };
}

/** A number for a table: three digits that count, thousands separated. */
export function formatNumber(value: number | null | undefined): string {
  if (value === null || value === undefined) return "-";
  if (Number.isInteger(value) || Math.abs(value) >= 100) return Math.round(value).toLocaleString("en-US");
  return value.toFixed(Math.abs(value) >= 10 ? 1 : 2);
}
