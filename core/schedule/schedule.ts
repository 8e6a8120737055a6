import type { CalendarDefinition } from "./definition.ts";

/** One instant at which a schedule is due. */
export interface Slot {
  /** The nominal instant, epoch milliseconds: the identity of the slot. */
  readonly atMs: number;
  /** When its run may start: `atMs` plus the job's jitter offset. */
  readonly dueAtMs: number;
  /** The calendar (`name@version`) that leaves this slot out; absent when it is to fire. */
  readonly excludedBy?: string;
}

/** A compiled schedule: a pure function of definition, zone data, calendars, anchor and jitter seed. */
export interface Schedule {
  readonly kind: "cron" | "every" | "afterEnd" | "at" | "dates" | "none";
  /** The job's jitter offset, 0 to below `jitter`. */
  readonly jitterMs: number;
  /** For `afterEnd`: the delay from the end of one run to the next slot. */
  readonly afterEndMs?: number;
  /**
   * Slots with `atMs` > `afterMs`, strictly increasing, excluded ones included and marked; ends when the schedule ends.
   * For `afterEnd` it yields the first slot only: the others follow from the ends of runs.
   */
  after(afterMs: number): Iterable<Slot>;
  /** As `after`, without excluded slots; a closed date costs one step, however many slots it has. */
  firing(afterMs: number): Iterable<Slot>;
  /** The slot at exactly `atMs`, if the schedule has one. For `afterEnd`: any instant is one. */
  at(atMs: number): Slot | undefined;
}

/** What a schedule is compiled against. */
export interface ScheduleContext {
  /** Anchor of `every` without `startAt`: the job's creation. */
  readonly createdAtMs: number;
  /** Commit instant of the version: no slot at or before it; `maxRuns` counts from here. */
  readonly sinceMs: number;
  /** Seed of the jitter: `namespace/job`. */
  readonly jobKey: string;
  readonly calendars: ReadonlyMap<string, VersionedCalendar>;
}

export interface VersionedCalendar {
  readonly version: number;
  readonly definition: CalendarDefinition;
}
