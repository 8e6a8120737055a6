import { compileCalendar, type Calendar } from "./calendar.ts";
import { parseCron } from "./cron.ts";
import { checkCronFires } from "./cron-never-fires.ts";
import { DAY_MS } from "./cron-match.ts";
import type { CronRule } from "./cron-slots.ts";
import type { ScheduleDefinition } from "./definition.ts";
import { readInstants } from "./instants.ts";
import { readInterval, readJitter } from "./interval.ts";
import { jitterOffset } from "./jitter.ts";
import { nearest } from "./nearest.ts";
import type { Schedule, ScheduleContext } from "./schedule.ts";
import { quote, ScheduleError } from "./schedule-error.ts";
import { cronSource, everySource, listSource, type SlotSource } from "./slot-source.ts";
import { getTimezone } from "./timezone.ts";
import { readWindow, type Window } from "./window.ts";
import type { Zone } from "./zone.ts";

/** A checked schedule, taken apart: what slots and previews are computed from. */
export interface SchedulePlan {
  readonly kind: Schedule["kind"];
  readonly source: SlotSource;
  /** The first instant at which a slot may be. */
  readonly fromMs: number;
  /** The first instant at which none may be any more. */
  readonly endMs: number;
  readonly maxRuns: number | undefined;
  readonly jitterMs: number;
  readonly afterEndMs: number | undefined;
  readonly zone: Zone;
  readonly calendars: readonly NamedCalendar[];
  /** For `cron` only. */
  readonly cronRule: CronRule | undefined;
}

interface NamedCalendar {
  /** `name@version`. */
  readonly label: string;
  readonly calendar: Calendar;
}

const KINDS = ["cron", "every", "afterEnd", "at", "dates"] as const;
const FIELDS_OF_A_KIND = ["startAt", "endAt", "maxRuns", "calendars"] as const;

/**
 * Checks a schedule and takes it apart.
 *
 * @throws {ScheduleError} for the first rule that it breaks
 */
export function planSchedule(definition: ScheduleDefinition, context: ScheduleContext): SchedulePlan {
  const kind = kindOf(definition);
  checkFieldUse(definition, kind);
  const zone = getTimezone(definition.timezone ?? "UTC");
  const window = readWindow(definition, context);
  const cronRule = definition.cron === undefined ? undefined : readCronRule(definition, zone, context);
  const source = cronRule === undefined ? readSource(definition, window, context) : cronSource(cronRule);
  return {
    kind,
    source,
    fromMs: window.fromMs,
    endMs: window.endMs,
    maxRuns: definition.maxRuns,
    jitterMs: definition.jitter === undefined ? 0 : jitterOffset(context.jobKey, readJitter(definition.jitter)),
    afterEndMs: definition.afterEnd === undefined ? undefined : readInterval(definition.afterEnd, "/afterEnd"),
    zone,
    calendars: readCalendars(definition, context),
    cronRule,
  };
}

/** The first slot after `afterMs`, excluded ones included; `maxRuns` is not counted here. */
export function nextNominal(plan: SchedulePlan, afterMs: number): number | undefined {
  // Clocks may give fractions of a millisecond; slots are whole.
  const atMs = plan.source.next(Math.max(Math.floor(afterMs), plan.fromMs - 1));
  return atMs !== undefined && atMs < plan.endMs ? atMs : undefined;
}

/** The first calendar that is closed on the instant's local date. */
export function findExclusion(plan: SchedulePlan, atMs: number): string | undefined {
  if (plan.calendars.length === 0) return undefined;
  const day = Math.floor((atMs + plan.zone.segmentAt(atMs).offsetMs) / DAY_MS);
  return plan.calendars.find(({ calendar }) => !calendar.isOpenOn(day))?.label;
}

/** An instant at or after `atMs` up to which the local date stays the same: slots of a closed date are passed over at once. */
export function sameDateUntil(plan: SchedulePlan, atMs: number): number {
  const { offsetMs, toMs } = plan.zone.segmentAt(atMs);
  const midnightMs = (Math.floor((atMs + offsetMs) / DAY_MS) + 1) * DAY_MS - offsetMs;
  return Math.min(midnightMs, toMs) - 1;
}

function kindOf(definition: ScheduleDefinition): Schedule["kind"] {
  const [kind = "none", second] = KINDS.filter((field) => definition[field] !== undefined);
  if (second === undefined) return kind;
  throw new ScheduleError("schedule-ambiguous", {
    pointer: `/${second}`,
    message: `Cannot use schedule: it has both "${kind}" and "${second}"; give one of ${KINDS.join(", ")}`,
  });
}

function checkFieldUse(definition: ScheduleDefinition, kind: Schedule["kind"]): void {
  if (kind !== "cron" && definition.daylightSaving !== undefined) {
    throw unused(
      "daylightSaving",
      `it applies to "cron" only; this schedule is ${kind === "none" ? "empty" : `"${kind}"`}`,
    );
  }
  const idle = kind === "none" ? FIELDS_OF_A_KIND.find((field) => definition[field] !== undefined) : undefined;
  if (idle !== undefined) throw unused(idle, `the schedule has none of ${KINDS.join(", ")}`);
}

function unused(field: string, problem: string): ScheduleError {
  return new ScheduleError("schedule-field-unused", {
    pointer: `/${field}`,
    message: `Cannot use schedule field "${field}": ${problem}`,
  });
}

function readCronRule(definition: ScheduleDefinition, zone: Zone, context: ScheduleContext): CronRule {
  const { gap = "next", repeat = "first" } = definition.daylightSaving ?? {};
  const rule = { cron: parseCron(definition.cron ?? ""), zone, gap, repeat };
  checkCronFires(rule, context.sinceMs);
  return rule;
}

function readSource(definition: ScheduleDefinition, window: Window, context: ScheduleContext): SlotSource {
  const { every, at, dates, afterEnd } = definition;
  if (every !== undefined) {
    return everySource(window.startAtMs ?? Math.floor(context.createdAtMs), readInterval(every, "/every"));
  }
  if (at !== undefined) return listSource(readInstants({ at }, window, context));
  if (dates !== undefined) return listSource(readInstants({ dates }, window, context));
  return listSource(afterEnd === undefined ? [] : [window.fromMs]);
}

function readCalendars(definition: ScheduleDefinition, context: ScheduleContext): NamedCalendar[] {
  return (definition.calendars ?? []).map((name, index) => {
    const found = context.calendars.get(name);
    if (found !== undefined) return { label: `${name}@${found.version}`, calendar: compileCalendar(found.definition) };
    const near = nearest(name, [...context.calendars.keys()]);
    throw new ScheduleError("unknown-reference", {
      pointer: `/calendars/${index}`,
      message: `Cannot find calendar ${quote(name)}${near === undefined ? "" : `; did you mean "${near}"`}`,
    });
  });
}
