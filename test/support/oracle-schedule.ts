import { MINUTE_MS, MINUTES_PER_DAY, readExpression } from "./oracle-cron.ts";

/**
 * A second, independent evaluator of cron schedules, to check the core against. It shares no code with the core: it
 * walks every minute of UTC, reads the local clock through `Intl`, compares the fields as text, and applies the
 * daylight-saving rules of `docs/schedules.md`. Slow and simple on purpose. It expects a valid expression and a zone
 * whose offset is a whole number of minutes (every zone since 1972).
 */
export interface OracleQuestion {
  readonly cron: string;
  readonly timezone: string;
  readonly daylightSaving?: { readonly gap?: "next" | "skip"; readonly repeat?: "first" | "second" | "both" };
  /** Inclusive. */
  readonly fromMs: number;
  /** Exclusive. */
  readonly toMs: number;
}

/** Walked before and after the question, so that a repeated hour at its edge is seen. */
const MARGIN_MINUTES = 3 * MINUTES_PER_DAY;

/** Larger than any local minute. */
const LARGEST = 2 ** 31 - 1;

/** All slots from `fromMs` to before `toMs`, ascending. */
export function oracleSlots(question: OracleQuestion): number[] {
  const { gap = "next", repeat = "first" } = question.daylightSaving ?? {};
  const clock = walkClock(question.timezone, question.fromMs, question.toMs);
  const { fixed, matches, seconds } = readExpression(question.cron);
  const slots: number[] = [];

  for (let i = 1; i < clock.local.length - 1; i++) {
    const local = clock.local[i] ?? 0;
    const previous = clock.local[i - 1] ?? 0;
    const matched = matches(local);
    if (!matched && local === previous + 1) continue;
    const missed = fixed && gap === "next" && someMissing(previous + 1, local, matches);
    const isSecondPass = local <= (clock.highestBefore[i] ?? 0);
    const isFirstPass = local >= (clock.lowestAfter[i] ?? 0);
    const passFires = !fixed || repeat === "both" || (repeat === "first" ? !isSecondPass : !isFirstPass);
    const firing = new Set(matched && passFires ? seconds : []);
    if (missed) firing.add(0);
    const minuteMs = (clock.firstMinute + i) * MINUTE_MS;
    for (const second of [...firing].toSorted((a, b) => a - b)) slots.push(minuteMs + second * 1_000);
  }
  return slots.filter((atMs) => atMs >= question.fromMs && atMs < question.toMs);
}

function someMissing(from: number, to: number, matches: (local: number) => boolean): boolean {
  for (let local = from; local < to; local++) if (matches(local)) return true;
  return false;
}

/** For each minute of UTC from `firstMinute`: the local minute, counted on the local calendar from 1970. */
interface Clock {
  readonly firstMinute: number;
  readonly local: Int32Array;
  readonly highestBefore: Int32Array;
  readonly lowestAfter: Int32Array;
}

let lastWalk: { readonly key: string; readonly clock: Clock } | undefined;

function walkClock(timezone: string, fromMs: number, toMs: number): Clock {
  const key = `${timezone} ${fromMs} ${toMs}`;
  if (lastWalk?.key === key) return lastWalk.clock;
  const firstMinute = Math.floor(fromMs / MINUTE_MS) - MARGIN_MINUTES;
  const count = Math.ceil(toMs / MINUTE_MS) + MARGIN_MINUTES - firstMinute;
  const local = new Int32Array(count);
  for (let i = 0; i < count; i++) local[i] = firstMinute + i + offsetMinutes(timezone, firstMinute + i);
  const clock = { firstMinute, local, highestBefore: runningMax(local), lowestAfter: runningMin(local) };
  lastWalk = { key, clock };
  return clock;
}

function runningMax(values: Int32Array): Int32Array {
  const result = new Int32Array(values.length).fill(-LARGEST);
  for (let i = 1; i < values.length; i++) result[i] = Math.max(result[i - 1] ?? 0, values[i - 1] ?? 0);
  return result;
}

function runningMin(values: Int32Array): Int32Array {
  const result = new Int32Array(values.length).fill(LARGEST);
  for (let i = values.length - 2; i >= 0; i--) result[i] = Math.min(result[i + 1] ?? 0, values[i + 1] ?? 0);
  return result;
}

const formats = new Map<string, Intl.DateTimeFormat>();
const hourOffsets = new Map<string, Map<number, number>>();

/** The offset is read at both ends of the hour; only in an hour in which it changes is every minute read. */
function offsetMinutes(timezone: string, minute: number): number {
  const hour = Math.floor(minute / 60);
  const before = hourOffset(timezone, hour);
  return before === hourOffset(timezone, hour + 1) ? before : readOffset(timezone, minute);
}

function hourOffset(timezone: string, hour: number): number {
  let offsets = hourOffsets.get(timezone);
  if (offsets === undefined) hourOffsets.set(timezone, (offsets = new Map()));
  let offset = offsets.get(hour);
  if (offset === undefined) offsets.set(hour, (offset = readOffset(timezone, hour * 60)));
  return offset;
}

function readOffset(timezone: string, minute: number): number {
  let format = formats.get(timezone);
  if (format === undefined) {
    const numeric = { year: "numeric", month: "numeric", day: "numeric", hour: "numeric", minute: "numeric" } as const;
    format = new Intl.DateTimeFormat("en-US", { timeZone: timezone, hourCycle: "h23", ...numeric });
    formats.set(timezone, format);
  }
  const parts = Object.fromEntries(
    format.formatToParts(minute * MINUTE_MS).map(({ type, value }) => [type, Number(value)]),
  );
  const { year = 0, month = 1, day = 1, hour = 0, minute: localMinute = 0 } = parts;
  return Date.UTC(year, month - 1, day, hour, localMinute) / MINUTE_MS - minute;
}
