import { compileSchedule } from "../../core/schedule/compile.ts";
import type { CalendarDefinition, ScheduleDefinition } from "../../core/schedule/definition.ts";
import type { Schedule, ScheduleContext, Slot } from "../../core/schedule/schedule.ts";
import { ScheduleError } from "../../core/schedule/schedule-error.ts";

/** A context in which every instant from 1970 on may be a slot. */
export function aScheduleContext(changes: Partial<ScheduleContext> = {}): ScheduleContext {
  return { createdAtMs: 0, sinceMs: 0, jobKey: "default/nightly", calendars: new Map(), ...changes };
}

/** Calendars as a context holds them, all at version 1. */
export function someCalendars(...definitions: readonly CalendarDefinition[]): ScheduleContext["calendars"] {
  return new Map(definitions.map((definition) => [definition.name, { version: 1, definition }]));
}

/** The first `count` slots after an instant. */
export function takeSlots(schedule: Schedule, afterMs: number, count: number): Slot[] {
  const slots: Slot[] = [];
  if (count === 0) return slots;
  for (const slot of schedule.after(afterMs)) {
    slots.push(slot);
    if (slots.length === count) break;
  }
  return slots;
}

/** The first `count` nominal instants after an instant, as RFC 3339 without milliseconds. */
export function slotTexts(definition: ScheduleDefinition, after: string, count: number): string[] {
  const schedule = compileSchedule(definition, aScheduleContext());
  return takeSlots(schedule, Date.parse(after), count).map(({ atMs }) =>
    new Date(atMs).toISOString().replace(".000Z", "Z"),
  );
}

/** The `ScheduleError` that an action throws. */
export function scheduleErrorOf(action: () => unknown): ScheduleError {
  try {
    action();
  } catch (error) {
    if (error instanceof ScheduleError) return error;
    throw error;
  }
  throw new Error("Expected a ScheduleError, but nothing was thrown");
}
