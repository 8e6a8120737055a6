import { oracleSlots } from "../../support/oracle-schedule.ts";
import type { JobModel } from "./job-model.ts";
import { msOf, type ScheduleRow, type VersionRow } from "./rows.ts";

export interface ModelSlot {
  readonly atMs: number;
  readonly isExcluded: boolean;
}

/** The stretch of wall time that a history can have slots in; walked once for each expression. */
export interface SlotWindow {
  readonly fromMs: number;
  readonly toMs: number;
}

/**
 * The slots of a version, enumerated without the product's schedule code: a cron expression by walking every minute of the
 * window, intervals by counting, lists as they stand.
 */
export class SlotModel {
  readonly #jobs: JobModel;
  readonly #window: SlotWindow;
  readonly #crons = new Map<string, readonly number[]>();
  readonly #slots = new Map<string, readonly ModelSlot[]>();

  constructor(jobs: JobModel, window: SlotWindow) {
    this.#jobs = jobs;
    this.#window = window;
  }

  /** Slots in (afterMs, toMs], ascending; those that calendars leave out are marked. Not for `afterEnd`. */
  between(version: VersionRow, afterMs: number, toMs: number): readonly ModelSlot[] {
    return this.#all(version).filter(({ atMs }) => atMs > afterMs && atMs <= toMs);
  }

  /** Slots in [fromMs, toMs) as if the schedule had begun with them, also those before the version's time. Not for `afterEnd`. */
  over(version: VersionRow, fromMs: number, toMs: number): readonly ModelSlot[] {
    const { fromMs: leastMs } = this.#window;
    if (version.definition.schedule?.afterEnd !== undefined || fromMs < leastMs) return [];
    return this.#enumerate({ ...version, scheduleSinceMs: fromMs - 1 }).filter(({ atMs }) => atMs < toMs);
  }

  isSlot(version: VersionRow, atMs: number): boolean {
    return this.#all(version).some((slot) => slot.atMs === atMs && !slot.isExcluded);
  }

  #all(version: VersionRow): readonly ModelSlot[] {
    const name = `${version.namespace}/${version.name}@${version.version}`;
    let slots = this.#slots.get(name);
    if (slots === undefined) this.#slots.set(name, (slots = this.#enumerate(version)));
    return slots;
  }

  #enumerate(version: VersionRow): readonly ModelSlot[] {
    const schedule = version.definition.schedule ?? {};
    const { startAt, endAt, maxRuns = Infinity, timezone = "UTC" } = schedule;
    const closed = this.#jobs.closedDates(version);
    const hasCalendars = (schedule.calendars ?? []).length > 0;
    const slots: ModelSlot[] = [];
    let counted = 0;
    for (const atMs of this.#nominal(schedule, version)) {
      if (atMs <= version.scheduleSinceMs) continue;
      if (startAt !== undefined && atMs < Date.parse(startAt)) continue;
      if (endAt !== undefined && atMs >= Date.parse(endAt)) break;
      if (counted >= maxRuns) break;
      const isExcluded = hasCalendars && closed.has(localDate(atMs, timezone));
      if (!isExcluded) counted += 1;
      slots.push({ atMs, isExcluded });
    }
    return slots;
  }

  #nominal({ cron, every, at, dates, startAt, timezone = "UTC" }: ScheduleRow, version: VersionRow): readonly number[] {
    const { fromMs, toMs } = this.#window;
    if (cron !== undefined) {
      const name = `${timezone} ${cron}`;
      let slots = this.#crons.get(name);
      if (slots === undefined) this.#crons.set(name, (slots = oracleSlots({ cron, timezone, fromMs, toMs })));
      return slots;
    }
    if (every !== undefined) {
      const anchorMs = startAt === undefined ? version.createdAtMs : Date.parse(startAt);
      const slots: number[] = [];
      for (let atMs = anchorMs; atMs < toMs; atMs += msOf(every)) slots.push(atMs);
      return slots;
    }
    return [...(at === undefined ? [] : [at]), ...(dates ?? [])].map((text) => Date.parse(text)).sort((a, b) => a - b);
  }
}

const formats = new Map<string, Intl.DateTimeFormat>();

function localDate(atMs: number, timeZone: string): string {
  let format = formats.get(timeZone);
  if (format === undefined)
    formats.set(timeZone, (format = new Intl.DateTimeFormat("sv-SE", { timeZone, dateStyle: "short" })));
  return format.format(atMs);
}
