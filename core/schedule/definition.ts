import { z } from "zod";
import { durationSchema } from "../job/duration.ts";
import { nameSchema } from "../job/name.ts";
import { MAX_CRON_LENGTH } from "./cron.ts";
import { MAX_INSTANT_MS } from "./last-instant.ts";

/** Instants from 1970 to 2100, as RFC 3339 with an offset; `2026-03-08T07:30:00Z`. */
export const instantSchema = z.iso
  .datetime({ offset: true, error: 'must be an RFC 3339 instant with an offset, such as "2026-03-08T07:30:00Z"' })
  .refine((text) => Date.parse(text) >= 0 && Date.parse(text) <= MAX_INSTANT_MS, {
    error: "must lie between 1970 and 2100",
  })
  .meta({ examples: ["2026-03-08T07:30:00Z"] });

export const MAX_DATES = 1_000;
export const MAX_RUNS = 10_000;

/**
 * When a job is due: exactly one of `cron`, `every`, `afterEnd`, `at`, `dates`, or none of them (manual and events).
 * The rules between fields (one kind, end after start, a cron that fires at all) are kept by `compileSchedule`.
 */
export const scheduleSchema = z
  .strictObject({
    /** 5, 6 (seconds first) or 7 (year last) fields, or a macro such as `@hourly`. */
    cron: z
      .string()
      .max(MAX_CRON_LENGTH, { error: `must be at most ${MAX_CRON_LENGTH} characters` })
      .optional(),
    /** Elapsed time between slots, counted from `startAt`, else from the job's creation. Ignores daylight saving. */
    every: durationSchema("1s", "366d").optional(),
    /** Time from the end of one run to the next slot; the first slot is at `startAt`, else at the job's definition. */
    afterEnd: durationSchema("1s", "366d").optional(),
    at: instantSchema.optional(),
    dates: z.array(instantSchema).min(1).max(MAX_DATES).optional(),
    /** IANA zone in which cron fields and calendar dates are read. Default `UTC`. */
    timezone: z.string().max(64).optional(),
    daylightSaving: z
      .strictObject({
        /** A local time that does not exist: fire at the first valid instant after the gap (`next`, default), or `skip`. */
        gap: z.enum(["next", "skip"]).optional(),
        /** A local time that occurs twice: fire on the `first` (default), the `second`, or `both`. Holds for fixed times; wildcard or stepped hours follow elapsed time and fire in both. */
        repeat: z.enum(["first", "second", "both"]).optional(),
      })
      .optional(),
    /** No slot before this instant. */
    startAt: instantSchema.optional(),
    /** No slot at or after this instant. */
    endAt: instantSchema.optional(),
    /** Only the first so many slots of each version of the job (calendar exclusions not counted). */
    maxRuns: z.number().int().min(1).max(MAX_RUNS).optional(),
    /** Every slot is delayed by one offset in [0, jitter), always the same for a job. */
    jitter: durationSchema("0s", "24h").optional(),
    /** Calendars that must all be open on the slot's local date. */
    calendars: z.array(nameSchema).max(10).optional(),
  })
  .meta({ id: "Schedule" });

export type ScheduleDefinition = z.infer<typeof scheduleSchema>;

const localDate = z.iso.date({ error: 'must be a date such as "2026-10-01"' });

/** Dates on which slots are left out. A date is open unless a weekday or an `exclude` entry closes it; `include` opens it again. */
export const calendarSchema = z
  .strictObject({
    name: nameSchema,
    description: z.string().max(1_000).optional(),
    /** Which dates are open when nothing else is said: `all` (default) or `none`. */
    open: z.enum(["all", "none"]).optional(),
    closedWeekdays: z
      .array(z.enum(["mon", "tue", "wed", "thu", "fri", "sat", "sun"]))
      .max(7)
      .optional(),
    exclude: z
      .array(z.union([localDate, z.strictObject({ from: localDate, to: localDate })]))
      .max(5_000)
      .optional(),
    /** Make-up workdays and other dates that are open whatever else says. */
    include: z
      .array(z.union([localDate, z.strictObject({ from: localDate, to: localDate })]))
      .max(5_000)
      .optional(),
  })
  .meta({ id: "Calendar" });

export type CalendarDefinition = z.infer<typeof calendarSchema>;
