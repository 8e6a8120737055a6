import { parseDuration } from "../job/duration.ts";
import { quote, ScheduleError } from "./schedule-error.ts";

const MAX_INTERVAL_MS = 366 * 86_400_000;
const MAX_JITTER_MS = 24 * 3_600_000;
const LOOSE = /^\s*(\d{1,9})\s*(ms|millis|[smhd])[a-z]*\s*$/i;

/**
 * Reads `every` or `afterEnd`: 1s to 366d.
 *
 * @throws {ScheduleError} at `pointer`, with the spelling that may have been meant
 */
export function readInterval(text: string, pointer: string): number {
  return readWithin(text, pointer, { leastMs: 1_000, mostMs: MAX_INTERVAL_MS, range: "1s to 366d" });
}

/** Reads `jitter`: 0s to 24h. */
export function readJitter(text: string): number {
  return readWithin(text, "/jitter", { leastMs: 0, mostMs: MAX_JITTER_MS, range: "0s to 24h" });
}

interface Limits {
  readonly leastMs: number;
  readonly mostMs: number;
  readonly range: string;
}

function readWithin(text: string, pointer: string, limits: Limits): number {
  const ms = parseDuration(text);
  if (ms !== undefined && ms >= limits.leastMs && ms <= limits.mostMs) return ms;
  throw new ScheduleError("interval-invalid", {
    pointer,
    message: `Cannot read ${pointer.slice(1)}: ${quote(text)} is not a duration from ${limits.range}${suggestion(text)}`,
  });
}

function suggestion(text: string): string {
  const match = parseDuration(text) === undefined ? LOOSE.exec(text) : null;
  if (match === null) return ', such as "15m"';
  const [, count = "", unit = ""] = match;
  return `; did you mean "${count}${unit.toLowerCase().startsWith("mil") ? "ms" : unit.toLowerCase()}"`;
}
