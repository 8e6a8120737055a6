import type { Cron } from "./cron.ts";
import { matchingDays, nextLocalMatch } from "./cron-match.ts";
import { nextCronSlot, type CronRule } from "./cron-slots.ts";
import { LAST_YEAR } from "./cron-field.ts";
import { ScheduleError } from "./schedule-error.ts";

/**
 * Refuses an expression that has no slot after `sinceMs` until the end of 2100. The search on local times alone settles
 * impossible dates in microseconds, before any zone is asked.
 *
 * @throws {ScheduleError} `cron-never-fires`, saying which part is impossible
 */
export function checkCronFires(rule: CronRule, sinceMs: number): void {
  const fires = nextLocalMatch(rule.cron, 0) !== undefined && nextCronSlot(rule, Math.floor(sinceMs)) !== undefined;
  if (fires) return;
  throw new ScheduleError("cron-never-fires", {
    pointer: "/cron",
    message: `Cannot use cron: it never fires; ${impossiblePart(rule.cron, sinceMs)}`,
  });
}

function impossiblePart(cron: Cron, sinceMs: number): string {
  const firstYear = new Date(sinceMs).getUTCFullYear();
  const years = cron.years?.filter((year) => year >= firstYear && year <= LAST_YEAR);
  if (years?.length === 0) return `year ${list(cron.years ?? [])} is not within ${firstYear}-${LAST_YEAR}`;
  // 2024 is a leap year: what it does not have, no year has, but for ordinals, which only months decide.
  const possible = cron.months.some((month) => matchingDays(cron, LEAP_YEAR, month) !== 0);
  if (!possible && cron.daysOfMonth !== undefined) {
    return `month ${list(cron.months)} has no day ${list([...cron.daysOfMonth.days, ...cron.daysOfMonth.nearestWeekdays])}`;
  }
  return `no date until ${LAST_YEAR} is left after its years, months, days and missing local times`;
}

const LEAP_YEAR = 2024;

function list(values: readonly number[]): string {
  const shown = values.slice(0, 5).join(", ");
  return values.length > 5 ? `${shown}, …` : shown;
}
