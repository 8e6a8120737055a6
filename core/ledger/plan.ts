import type { CompiledJob } from "../job/compile.ts";
import type { ResumeChoice } from "../job/version.ts";
import type { Slot } from "../schedule/schedule.ts";
import type { SkipReason } from "../run/run.ts";

/** A stretch of slots that are not to fire; see `Gap`. */
export interface Stretch {
  readonly fromMs: number;
  readonly toMs: number;
  readonly reason: SkipReason;
  readonly detail?: string;
}

/** What a visit of one version of a job has to do, decided without doing it. */
export interface Plan {
  /** To be sent to the workers, in time order. */
  readonly dispatch: readonly Slot[];
  /** To be written into the ledger, in time order. */
  readonly stretches: readonly Stretch[];
  /** Every slot up to here is in `dispatch`, in `stretches`, or was handled before. */
  readonly cursorMs: number;
  /** The next slot to be dispatched by a later visit. */
  readonly nextDueMs: number | undefined;
}

export interface PlanContext {
  readonly nowMs: number;
  /** The last instant this version governs; `Infinity` for the governing one. */
  readonly untilMs: number;
  /** For a paused version: what the resuming version chose. `undefined`: still paused. */
  readonly resume: ResumeChoice | undefined;
  readonly cursorMs: number;
  /** Slots due later than this are left to a later visit. */
  readonly horizonMs: number;
  readonly misfireAfterMs: number;
}

/** Slots dispatched by one visit; a visit that reaches it is followed by another at once. */
export const MAX_SLOTS_PER_VISIT = 1_000;

/**
 * Walks the slots of one version from its cursor to the horizon and decides each: dispatched, or part of a stretch.
 *
 * The cost grows with the slots dispatched, not with those missed: a stretch is found by its two ends.
 */
export function planVisit(job: CompiledJob, context: PlanContext): Plan {
  const { state } = job.version;
  if (state === "deleted" || (state === "paused" && context.resume === undefined)) {
    return { dispatch: [], stretches: [], cursorMs: context.cursorMs, nextDueMs: undefined };
  }
  if (state === "paused") return planPaused(job, context, context.resume ?? "now");
  return planActive(job, context);
}

/** The end of the stretch of time that one visit dispatches: on a grid, so that two visits of one job soon agree on the next. */
export function horizonAt(nowMs: number, knobs: { readonly lookAheadMs: number; readonly leadMs: number }): number {
  return Math.ceil((nowMs + knobs.lookAheadMs) / knobs.leadMs) * knobs.leadMs;
}

/**
 * The slot of a pause at `atMs` as it is to fire after the resumption, or `undefined` when it is not among those that were
 * chosen: the same choice as `planVisit` makes, for one slot.
 */
export function resumedSlot(
  job: CompiledJob,
  atMs: number,
  { untilMs, resume }: { readonly untilMs: number; readonly resume: ResumeChoice },
): Slot | undefined {
  const slot = job.schedule.at(atMs);
  const take = resumeTake(job, resume);
  if (slot === undefined || slot.excludedBy !== undefined || take === 0) return undefined;
  let newer = 0;
  for (const { atMs: laterMs, excludedBy } of job.schedule.after(atMs)) {
    if (laterMs > untilMs) break;
    if (excludedBy === undefined) newer += 1;
    if (newer >= take) return undefined;
  }
  return dueFrom(slot, untilMs);
}

function planPaused(job: CompiledJob, context: PlanContext, resume: ResumeChoice): Plan {
  const { untilMs } = context;
  const take = resumeTake(job, resume);
  const caught = catchUp(job, context.cursorMs, untilMs, { take, sinceMs: -Infinity, reason: "paused" });
  const dispatch = caught.dispatch.map((slot) => dueFrom(slot, untilMs));
  return { ...caught, dispatch, cursorMs: untilMs, nextDueMs: undefined };
}

function resumeTake(job: CompiledJob, resume: ResumeChoice): number {
  return { now: 0, last: 1, all: job.misfire.limit }[resume];
}

/** A slot of a pause is due at the resumption: its lateness and its wait in the queue count from there. */
function dueFrom(slot: Slot, resumedAtMs: number): Slot {
  return { ...slot, dueAtMs: Math.max(slot.dueAtMs, resumedAtMs) };
}

function planActive(job: CompiledJob, context: PlanContext): Plan {
  const { schedule, misfire } = job;
  // Clocks may give fractions of a millisecond; what is put down is whole.
  const lateMs = Math.floor(Math.min(context.untilMs, context.nowMs - context.misfireAfterMs - schedule.jitterMs));
  const late = catchUp(job, context.cursorMs, lateMs, {
    take: { none: 0, last: 1, all: misfire.limit }[misfire.policy],
    sinceMs: context.nowMs - misfire.maxLatenessMs - schedule.jitterMs,
    reason: "misfire",
  });
  const dispatch = [...late.dispatch];
  const excluded = new StretchBuilder();
  let cursorMs = Math.max(context.cursorMs, lateMs);
  let nextDueMs: number | undefined;
  for (const slot of schedule.after(cursorMs)) {
    if (slot.atMs > context.untilMs) break;
    if (slot.dueAtMs > context.horizonMs || dispatch.length >= MAX_SLOTS_PER_VISIT) {
      nextDueMs = slot.dueAtMs;
      break;
    }
    cursorMs = slot.atMs;
    if (slot.excludedBy === undefined) dispatch.push(slot);
    excluded.add(slot);
  }
  return {
    dispatch,
    stretches: [...late.stretches, ...excluded.stretches],
    cursorMs,
    nextDueMs,
  };
}

/** Slots in (afterMs, toMs]: the newest `take` that are not older than `sinceMs` fire, all others become one stretch. */
function catchUp(
  job: CompiledJob,
  afterMs: number,
  toMs: number,
  { take, sinceMs, reason }: { take: number; sinceMs: number; reason: SkipReason },
): { dispatch: readonly Slot[]; stretches: readonly Stretch[] } {
  const first = firstSlot(job, afterMs);
  if (first === undefined || first.atMs > toMs) return { dispatch: [], stretches: [] };
  const dispatch = newestSlots(job, { afterMs: Math.max(afterMs, sinceMs), toMs, take });
  const [firstFired] = dispatch;
  const coveredMs = firstFired === undefined ? toMs : firstFired.atMs - 1;
  const excluded = new StretchBuilder();
  if (firstFired !== undefined) {
    for (const slot of job.schedule.after(firstFired.atMs)) {
      if (slot.atMs > toMs) break;
      excluded.add(slot);
    }
  }
  const missed = first.atMs <= coveredMs ? [{ fromMs: first.atMs, toMs: coveredMs, reason }] : [];
  return { dispatch, stretches: [...missed, ...excluded.stretches] };
}

const FIRST_WINDOW_MS = 60_000;

/**
 * The newest `take` firing slots in (afterMs, toMs], oldest first. Looks back through windows that double, so the cost
 * follows `take` and not the length of the stretch.
 */
function newestSlots(
  job: CompiledJob,
  { afterMs, toMs, take }: { afterMs: number; toMs: number; take: number },
): readonly Slot[] {
  if (take === 0) return [];
  for (let windowMs = FIRST_WINDOW_MS; ; windowMs *= 2) {
    const fromMs = Math.max(afterMs, toMs - windowMs);
    const found: Slot[] = [];
    for (const slot of job.schedule.firing(fromMs)) {
      if (slot.atMs > toMs) break;
      found.push(slot);
    }
    if (found.length >= take || fromMs <= afterMs) return found.slice(-take);
  }
}

function firstSlot(job: CompiledJob, afterMs: number): Slot | undefined {
  for (const slot of job.schedule.after(afterMs)) return slot;
  return undefined;
}

/** Joins neighbouring excluded slots of one calendar into stretches; a firing slot between two ends the first. */
class StretchBuilder {
  readonly stretches: Stretch[] = [];
  #open = false;

  add(slot: Slot): void {
    const last = this.stretches.at(-1);
    const detail = slot.excludedBy;
    if (detail !== undefined && this.#open && last?.detail === detail) {
      this.stretches[this.stretches.length - 1] = { ...last, toMs: slot.atMs };
    } else if (detail !== undefined) {
      this.stretches.push({ fromMs: slot.atMs, toMs: slot.atMs, reason: "calendar", detail });
    }
    this.#open = detail !== undefined;
  }
}
