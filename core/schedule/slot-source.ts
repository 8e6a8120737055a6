import type { CronRule } from "./cron-slots.ts";
import { nextCronSlot } from "./cron-slots.ts";

/** The nominal instants of a schedule, before its window, calendars and jitter. */
export interface SlotSource {
  /** The first instant after `afterMs`, a whole number; `undefined` when there is none. */
  next(afterMs: number): number | undefined;
}

export function cronSource(rule: CronRule): SlotSource {
  return { next: (afterMs) => nextCronSlot(rule, afterMs) };
}

/** `anchorMs` and every whole number of periods after it. */
export function everySource(anchorMs: number, periodMs: number): SlotSource {
  return {
    next(afterMs) {
      if (afterMs < anchorMs) return anchorMs;
      return anchorMs + (Math.floor((afterMs - anchorMs) / periodMs) + 1) * periodMs;
    },
  };
}

/** @param instants - in ascending order, without duplicates */
export function listSource(instants: readonly number[]): SlotSource {
  return {
    next(afterMs) {
      let low = 0;
      let high = instants.length;
      while (low < high) {
        const middle = (low + high) >> 1;
        if ((instants[middle] ?? 0) > afterMs) high = middle;
        else low = middle + 1;
      }
      return instants[low];
    },
  };
}
