import { scheduleOf } from "./compile.ts";
import type { ScheduleDefinition } from "./definition.ts";
import { localTextWithOffset } from "./local-time.ts";
import { findOffsetChanges, noteOf, type OffsetChange } from "./offset-changes.ts";
import { planSchedule, sameDateUntil, type SchedulePlan } from "./plan.ts";
import { previewWarnings, type PreviewWarning } from "./preview-warnings.ts";
import type { Schedule, ScheduleContext, Slot } from "./schedule.ts";
import { ScheduleError } from "./schedule-error.ts";

/** What a schedule will do, for people. Everything is in time order. */
export interface SchedulePreview {
  readonly slots: readonly PreviewSlot[];
  /** What does not fire between `fromMs` and the last slot shown, at most `MAX_LEFT_OUT` entries. */
  readonly leftOut: readonly LeftOut[];
  readonly warnings: readonly PreviewWarning[];
  /** No slot fires after those shown. Never true for `afterEnd`, whose slots follow from the ends of runs. */
  readonly ended: boolean;
}

export interface PreviewSlot {
  /** Nominal instant, RFC 3339 in UTC. */
  readonly at: string;
  /** When its run may start; present when the job has jitter. */
  readonly dueAt?: string;
  /** The instant in the schedule's zone, with its offset. */
  readonly local: string;
  /** It stands for local times that a gap left out, or its local time comes twice. */
  readonly note?: OffsetChange["reason"];
}

export interface LeftOut {
  /** The slot's instant; absent where the local time does not exist. */
  readonly at?: string;
  readonly local: string;
  readonly reason: "calendar" | OffsetChange["reason"];
  readonly detail: string;
}

export const MAX_PREVIEW = 1_000;
export const MAX_LEFT_OUT = 1_000;

/**
 * The next `count` (1 to 1,000) firing slots after `fromMs`, and what is left out on the way to them.
 *
 * @throws {ScheduleError} as `compileSchedule`, and `limit-too-large` for a count outside the range
 */
export function previewSchedule(
  definition: ScheduleDefinition | undefined,
  context: ScheduleContext,
  range: { readonly fromMs: number; readonly count: number },
): SchedulePreview {
  const { fromMs, count } = range;
  if (!Number.isInteger(count) || count < 1 || count > MAX_PREVIEW) {
    throw new ScheduleError("limit-too-large", {
      pointer: "/count",
      message: `Cannot preview ${count} slots: count must be a whole number from 1 to ${MAX_PREVIEW}`,
    });
  }
  const plan = planSchedule(definition ?? {}, context);
  // One more than shown tells whether the schedule goes on, and how far apart rare slots are.
  const collected = collectSlots(plan, fromMs, count + 1);
  const shown = collected.firing.slice(0, count);
  const ended = collected.firing.length <= count && plan.kind !== "afterEnd";
  const lastShownMs = shown.at(-1)?.atMs ?? fromMs;
  const leftOut = listLeftOut(plan, collected.excluded, {
    afterMs: fromMs,
    untilMs: ended ? lastMentionableMs(plan, collected) : lastShownMs,
  });
  const slots = shown.map((slot) => describeSlot(plan, slot));
  return {
    slots,
    leftOut: leftOut.slice(0, MAX_LEFT_OUT),
    warnings: previewWarnings(plan, {
      fromMs,
      firing: collected.firing,
      slots,
      leftOutCount: leftOut.length,
      leftOutLimit: MAX_LEFT_OUT,
    }),
    ended,
  };
}

interface Collected {
  readonly firing: readonly Slot[];
  readonly excluded: readonly Slot[];
}

function collectSlots(plan: SchedulePlan, fromMs: number, wanted: number): Collected {
  const schedule = scheduleOf(plan);
  const firing: Slot[] = [];
  const excluded: Slot[] = [];
  let slot = firstAfter(schedule, fromMs);
  while (slot !== undefined && firing.length < wanted) {
    // Past what can be shown, closed dates are passed over whole: years of closed seconds must not be walked.
    const isCrowded = slot.excludedBy !== undefined && excluded.length > MAX_LEFT_OUT;
    if (slot.excludedBy === undefined) firing.push(slot);
    else if (!isCrowded) excluded.push(slot);
    slot = firstAfter(schedule, isCrowded ? sameDateUntil(plan, slot.atMs) : slot.atMs);
  }
  return { firing, excluded };
}

function firstAfter(schedule: Schedule, afterMs: number): Slot | undefined {
  for (const slot of schedule.after(afterMs)) return slot;
  return undefined;
}

/** Until when something left out belongs to a schedule that has ended. */
function lastMentionableMs(plan: SchedulePlan, { firing, excluded }: Collected): number {
  if (plan.maxRuns === undefined) return plan.endMs - 1;
  return Math.max(plan.fromMs, firing.at(-1)?.atMs ?? 0, excluded.at(-1)?.atMs ?? 0);
}

interface Stretch {
  readonly afterMs: number;
  readonly untilMs: number;
}

function listLeftOut(plan: SchedulePlan, excluded: readonly Slot[], stretch: Stretch): LeftOut[] {
  const closed = excluded
    .filter((slot) => slot.atMs <= stretch.untilMs)
    .map((slot) => ({ atMs: slot.atMs, entry: describeExclusion(plan, slot) }));
  const changes = plan.cronRule === undefined ? [] : findOffsetChanges(plan.cronRule, stretch);
  const moved = changes.map((change) => ({ atMs: change.atMs, entry: describeChange(change) }));
  return [...closed, ...moved].sort((a, b) => a.atMs - b.atMs).map(({ entry }) => entry);
}

function describeSlot(plan: SchedulePlan, slot: Slot): PreviewSlot {
  const note = plan.cronRule === undefined ? undefined : noteOf(plan.cronRule, slot.atMs);
  return {
    at: new Date(slot.atMs).toISOString(),
    ...(plan.jitterMs > 0 ? { dueAt: new Date(slot.dueAtMs).toISOString() } : {}),
    local: localOf(plan, slot.atMs),
    ...(note === undefined ? {} : { note }),
  };
}

function describeExclusion(plan: SchedulePlan, slot: Slot): LeftOut {
  const local = localOf(plan, slot.atMs);
  return {
    at: new Date(slot.atMs).toISOString(),
    local,
    reason: "calendar",
    detail: `calendar ${slot.excludedBy} is closed on ${local.slice(0, "2026-10-01".length)}`,
  };
}

function describeChange({ atMs, local, reason, detail }: OffsetChange): LeftOut {
  return { ...(reason === "dst-repeat" ? { at: new Date(atMs).toISOString() } : {}), local, reason, detail };
}

function localOf(plan: SchedulePlan, atMs: number): string {
  return localTextWithOffset(atMs, plan.zone.segmentAt(atMs).offsetMs);
}
