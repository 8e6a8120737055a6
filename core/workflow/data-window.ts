import { fromWallMs, wallTime } from "../run/macro-slot.ts";
import type { Window } from "./definition.ts";

/** Slots in [fromMs, beforeMs). */
export interface SlotRange {
  readonly fromMs: number;
  readonly beforeMs: number;
}

const HOUR_MS = 3_600_000;

/**
 * The stretch of data that a slot belongs to, or one before it: the slot alone, or the hour, day, week (from Monday) or month
 * around it, as the clocks of the zone show them.
 *
 * @param offset - in windows, 0 or less
 */
export function dataWindow(
  slotAtMs: number,
  { window, offset }: { readonly window: Window; readonly offset: number },
  zone: string,
): SlotRange {
  const { year, month, day, minute, second, millisecond } = wallTime(slotAtMs, zone);
  const from = (monthsOn: number, dayOfMonth: number) =>
    fromWallMs(Date.UTC(year, month - 1 + monthsOn, dayOfMonth), zone);
  switch (window) {
    case "slot":
      return { fromMs: slotAtMs, beforeMs: slotAtMs + 1 };
    case "hour": {
      const fromMs = slotAtMs - (minute * 60 + second) * 1_000 - millisecond + offset * HOUR_MS;
      return { fromMs, beforeMs: fromMs + HOUR_MS };
    }
    case "day":
      return { fromMs: from(0, day + offset), beforeMs: from(0, day + offset + 1) };
    case "week": {
      const weekday = (new Date(Date.UTC(year, month - 1, day)).getUTCDay() + 6) % 7;
      const monday = day - weekday + offset * 7;
      return { fromMs: from(0, monday), beforeMs: from(0, monday + 7) };
    }
    case "month":
      return { fromMs: from(offset, 1), beforeMs: from(offset + 1, 1) };
  }
}
