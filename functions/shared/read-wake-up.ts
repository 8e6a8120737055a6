import { quoteValue } from "../../api/contract/quote.ts";
import type { TickGroup } from "../../core/services/tick.ts";

/** What woke a function. */
export interface WakeUp {
  readonly scheduledAtMs: number;
  /** For a tick: the shards that it is to visit; absent: all. */
  readonly group?: TickGroup;
}

const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/;
/** A schedule fires at its instant or later; this much is for the difference of two clocks. */
const MAX_AHEAD_MS = 60_000;

/**
 * The instant that a function was to be woken at: `{ "scheduledAt": "2026-11-22T15:00:00Z" }`, from EventBridge Scheduler.
 * An event without it, as of a person who invokes the function, means now. An instant in the future is refused: all ticks
 * until then would take themselves for late ones.
 *
 * @throws {TypeError} naming the field
 */
export function readWakeUp(event: unknown, nowMs: number): WakeUp {
  const { scheduledAt, group } = (event ?? {}) as { readonly scheduledAt?: unknown; readonly group?: unknown };
  return {
    scheduledAtMs: readInstant(scheduledAt, nowMs),
    ...(group === undefined ? {} : { group: readGroup(group) }),
  };
}

function readInstant(scheduledAt: unknown, nowMs: number): number {
  if (scheduledAt === undefined) return Math.floor(nowMs);
  const scheduledAtMs = typeof scheduledAt === "string" && INSTANT.test(scheduledAt) ? Date.parse(scheduledAt) : NaN;
  if (Number.isNaN(scheduledAtMs)) {
    const rule = "must be an instant such as 2026-11-22T15:00:00Z";
    throw new TypeError(`Cannot read the event: scheduledAt ${rule}; got ${quoteValue(scheduledAt)}`);
  }
  if (scheduledAtMs > nowMs + MAX_AHEAD_MS) {
    throw new TypeError(
      `Cannot read the event: scheduledAt must not lie in the future; got ${quoteValue(scheduledAt)}`,
    );
  }
  return scheduledAtMs;
}

function readGroup(group: unknown): TickGroup {
  const { index, count } = (group ?? {}) as Partial<Record<keyof TickGroup, unknown>>;
  if (isWhole(index) && isWhole(count) && index >= 0 && index < count) return { index, count };
  throw new TypeError(
    `Cannot read the event: group must be { index, count } with index from 0 and below count; got ${quoteValue(group)}`,
  );
}

function isWhole(value: unknown): value is number {
  return Number.isInteger(value);
}
