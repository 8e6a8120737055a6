import { DAY_MS } from "./cron-match.ts";
import type { SchedulePlan } from "./plan.ts";
import type { Slot } from "./schedule.ts";

/** Something that is allowed and may not be meant. */
export interface PreviewWarning {
  readonly code: "cron-dom-dow-or" | "rare-schedule" | "dst-gap" | "no-slots" | "left-out-cut";
  readonly detail: string;
}

/** What the warnings are drawn from. */
export interface Previewed {
  readonly fromMs: number;
  /** Slots that fire, one more than shown when there is one. */
  readonly firing: readonly Slot[];
  readonly slots: readonly { readonly local: string; readonly note?: string }[];
  readonly leftOutCount: number;
  readonly leftOutLimit: number;
}

const RARE_MS = 366 * DAY_MS;

export function previewWarnings(plan: SchedulePlan, previewed: Previewed): PreviewWarning[] {
  const warnings: PreviewWarning[] = [];
  const { slots, leftOutCount, leftOutLimit } = previewed;
  const nextText = slots
    .slice(0, 3)
    .map((slot) => slot.local)
    .join(", ");
  const cron = plan.cronRule?.cron;
  if (cron?.daysOfMonth !== undefined && cron.daysOfWeek !== undefined) {
    warnings.push({
      code: "cron-dom-dow-or",
      detail: `Day of month and day of week are both given: either matches; next ${nextText}`,
    });
  }
  if (isRare(previewed)) {
    warnings.push({ code: "rare-schedule", detail: `More than a year lies between slots; next ${nextText}` });
  }
  const moved = slots.find((slot) => slot.note === "dst-gap");
  if (moved !== undefined) {
    warnings.push({
      code: "dst-gap",
      detail: `A local time does not exist when clocks go forward; its slot is at ${moved.local}`,
    });
  }
  if (slots.length === 0 && plan.kind !== "none" && plan.kind !== "afterEnd") {
    warnings.push({ code: "no-slots", detail: `No slot fires after ${new Date(previewed.fromMs).toISOString()}` });
  }
  if (leftOutCount > leftOutLimit) {
    warnings.push({ code: "left-out-cut", detail: `Only the first ${leftOutLimit} slots left out are listed` });
  }
  return warnings;
}

function isRare({ fromMs, firing }: Previewed): boolean {
  const [first, second] = firing;
  if (first === undefined) return false;
  return first.atMs - fromMs > RARE_MS || (second !== undefined && second.atMs - first.atMs > RARE_MS);
}
