import { z } from "zod";

const UNIT_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const PART = /(\d{1,9})(ms|s|m|h|d)/gy;

/**
 * Reads a duration such as `"90s"`, `"15m"`, `"1h30m"` or `"250ms"`.
 *
 * @returns milliseconds, or `undefined` when the text is not a duration
 */
export function parseDuration(text: string): number | undefined {
  let totalMs = 0;
  PART.lastIndex = 0;
  if (text.length === 0 || text.length > 32) return undefined;
  for (let end = 0; end < text.length; end = PART.lastIndex) {
    const part = PART.exec(text);
    if (part === null) return undefined;
    totalMs += Number(part[1]) * UNIT_MS[part[2] as keyof typeof UNIT_MS];
  }
  return totalMs;
}

/** Writes a duration in its largest whole units: 5,400,000 → `"1h30m"`, 0 → `"0s"`. */
export function formatDuration(ms: number): string {
  if (ms === 0) return "0s";
  let rest = Math.round(ms);
  let text = "";
  for (const [unit, unitMs] of Object.entries(UNIT_MS).toReversed()) {
    const count = Math.floor(rest / unitMs);
    if (count > 0) text += `${count}${unit}`;
    rest -= count * unitMs;
  }
  return text;
}

/** A duration text between two bounds, both inclusive. */
export function durationSchema(least: string, most: string) {
  const leastMs = durationMs(least);
  const mostMs = durationMs(most);
  return z
    .string()
    .refine((text) => isWithin(parseDuration(text), leastMs, mostMs), {
      error: (issue) =>
        `must be a duration from ${least} to ${most}, such as "90s" or "1h30m"; got ${JSON.stringify(issue.input)}`,
    })
    .meta({ description: `A duration from ${least} to ${most}`, examples: ["90s", "1h30m"] });
}

/**
 * Milliseconds of a duration text that has been validated before.
 *
 * @throws {RangeError} when the text is not a duration
 */
export function durationMs(text: string): number {
  const ms = parseDuration(text);
  if (ms === undefined) throw new RangeError(`Cannot read duration ${JSON.stringify(text)}`);
  return ms;
}

function isWithin(ms: number | undefined, leastMs: number, mostMs: number): boolean {
  return ms !== undefined && ms >= leastMs && ms <= mostMs;
}
