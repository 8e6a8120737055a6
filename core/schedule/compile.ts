import type { ScheduleDefinition } from "./definition.ts";
import { findExclusion, nextNominal, planSchedule, sameDateUntil, type SchedulePlan } from "./plan.ts";
import type { Schedule, ScheduleContext, Slot } from "./schedule.ts";

/**
 * Compiles a schedule into a pure function from instants to slots. Equal definitions, contexts and zone data give equal
 * slots, wherever and whenever they are asked for.
 *
 * `maxRuns` bounds cron, interval and listed slots; the runs of an `afterEnd` schedule are for the ledger to count.
 *
 * @throws {ScheduleError} with a slug, a JSON pointer inside the schedule and a message for its author
 */
export function compileSchedule(definition: ScheduleDefinition | undefined, context: ScheduleContext): Schedule {
  return scheduleOf(planSchedule(definition ?? {}, context));
}

/** The schedule of a plan. */
export function scheduleOf(plan: SchedulePlan): Schedule {
  let lastMs: number | undefined;
  const bound = (): number => (lastMs ??= lastCountedSlot(plan));
  return {
    kind: plan.kind,
    jitterMs: plan.jitterMs,
    ...(plan.afterEndMs === undefined ? {} : { afterEndMs: plan.afterEndMs }),
    *after(afterMs) {
      let atMs = nextNominal(plan, afterMs);
      while (atMs !== undefined && atMs <= bound()) {
        yield slotAt(plan, atMs);
        atMs = nextNominal(plan, atMs);
      }
    },
    *firing(afterMs) {
      let atMs = nextNominal(plan, afterMs);
      while (atMs !== undefined && atMs <= bound()) {
        const isExcluded = findExclusion(plan, atMs) !== undefined;
        if (!isExcluded) yield slotAt(plan, atMs);
        atMs = nextNominal(plan, isExcluded ? sameDateUntil(plan, atMs) : atMs);
      }
    },
    at(atMs) {
      if (!hasSlot(plan, atMs) || atMs > bound()) return undefined;
      return slotAt(plan, atMs);
    },
  };
}

function hasSlot(plan: SchedulePlan, atMs: number): boolean {
  if (plan.kind === "afterEnd") return Number.isInteger(atMs) && atMs >= plan.fromMs && atMs < plan.endMs;
  return nextNominal(plan, atMs - 1) === atMs;
}

function slotAt(plan: SchedulePlan, atMs: number): Slot {
  const excludedBy = findExclusion(plan, atMs);
  return { atMs, dueAtMs: atMs + plan.jitterMs, ...(excludedBy === undefined ? {} : { excludedBy }) };
}

/** The slot with which `maxRuns` is reached. Costs that many steps and one for each closed date, once a schedule. */
function lastCountedSlot(plan: SchedulePlan): number {
  if (plan.maxRuns === undefined || plan.kind === "afterEnd") return Number.POSITIVE_INFINITY;
  let count = 0;
  let atMs = nextNominal(plan, plan.fromMs - 1);
  while (atMs !== undefined) {
    const excluded = findExclusion(plan, atMs) !== undefined;
    if (!excluded) count++;
    if (count === plan.maxRuns) return atMs;
    atMs = nextNominal(plan, excluded ? sameDateUntil(plan, atMs) : atMs);
  }
  return Number.POSITIVE_INFINITY;
}
