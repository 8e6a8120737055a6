import type { CompiledJob } from "../job/compile.ts";
import { isEnded, type Run } from "../run/run.ts";
import type { Slot } from "../schedule/schedule.ts";
import type { RunEntry } from "../store/due-index.ts";
import { closeSlot, endOfSlot } from "./close-slot.ts";
import type { Core } from "./core.ts";
import { patienceMs } from "./patience.ts";
import type { Reign } from "./reign.ts";
import { sendDoorbells } from "./send.ts";
import { slotDoorbell } from "./slot-run.ts";
import { watchesOf } from "./watch.ts";

/** What settling a stretch of slots came to. */
export interface Settled {
  /** Every slot up to here has a final row, a gap, or a watch of its own. */
  readonly settledMs: number;
  /** No firing slot is left between `settledMs` and the end of what was dispatched. */
  readonly isComplete: boolean;
  readonly watches: readonly RunEntry[];
  /** Vain looks so far; 0 when nothing is missing. */
  readonly looks: number;
  /** When to look again for rows that are missing. */
  readonly lookAgainMs: number | undefined;
}

const MAX_SLOTS_PER_LOOK = 1_000;

/**
 * Makes sure of slots that were dispatched: recomputes them from the schedule and compares them with the ledger. A slot
 * without a row is rung for again (its message may be lost, or still wait in a long queue: a second one does no harm),
 * each time after a longer while. A row that has not ended gets a watch of its own, so one long run holds up nothing.
 */
export async function settleSlots(
  core: Core,
  stretch: { job: CompiledJob; current: CompiledJob; reign: Reign; afterMs: number; untilMs: number; looks: number },
): Promise<Settled> {
  const { job, current, reign, afterMs, untilMs, looks } = stretch;
  const { settleAfterMs } = core.knobs;
  const nowMs = core.clock.nowMs();
  // A version that governs no more has nothing on its way but what a pause may have held: that is looked for at once.
  const graceMs = Number.isFinite(reign.untilMs) ? 0 : settleAfterMs;
  const endMs = Math.min(untilMs, nowMs - graceMs - job.schedule.jitterMs);
  const { slots, isCut } = firingSlots(job, afterMs, endMs);
  const lastMs = isCut ? (slots.at(-1)?.atMs ?? endMs) : endMs;
  if (slots.length === 0) {
    const isComplete = endMs >= untilMs || firingSlots(job, Math.max(afterMs, endMs), untilMs).slots.length === 0;
    return { settledMs: Math.max(afterMs, endMs), isComplete, watches: [], looks: 0, lookAgainMs: undefined };
  }

  const range = { fromMs: slots[0]?.atMs ?? afterMs, toMs: lastMs };
  const rows = await readRows(core, job, range);
  // Only slots without a row can lie in a gap.
  const isWhole = slots.every(({ atMs }) => rows.has(atMs));
  const gaps = isWhole ? [] : await core.runs.gapsOver(job.version, range);
  const missing: Slot[] = [];
  const open: Run[] = [];
  for (const slot of slots) {
    const row = rows.get(slot.atMs);
    if (row !== undefined) {
      if (!isEnded(row)) open.push(row);
    } else if (!gaps.some((gap) => gap.fromMs <= slot.atMs && slot.atMs <= gap.toMs)) {
      missing.push(slot);
    }
  }
  const watchThrough = (untilSlotMs: number) =>
    watchesOf(
      open.filter((run) => run.slotAtMs <= untilSlotMs),
      { nowMs, rungThroughMs: nowMs, visitAtMs: () => nowMs + settleAfterMs },
    );
  const stillMissing = await recover(core, { job, current, reign, missing, nowMs });
  const [firstMissing] = stillMissing;
  if (firstMissing === undefined) {
    // On behind the gaps at once: the cost must not grow with the slots that they cover.
    const settledMs = gaps.reduce((most, { toMs }) => Math.max(most, toMs), lastMs);
    return {
      settledMs,
      isComplete: false,
      watches: watchThrough(settledMs),
      looks: 0,
      lookAgainMs: isCut ? nowMs : undefined,
    };
  }
  return {
    settledMs: firstMissing.atMs - 1,
    isComplete: false,
    // What is open behind the missing one gets its watch when that one is settled, or each look would add another.
    watches: watchThrough(firstMissing.atMs),
    // A pause must not make the looks after it rare.
    looks: current.version.state === "active" ? looks + 1 : looks,
    lookAgainMs: nowMs + patienceMs(core.knobs, looks),
  };
}

/** Rings again for slots without a row, or gives those a row that can't run any more; returns the ones still without. */
async function recover(
  core: Core,
  {
    job,
    current,
    reign,
    missing,
    nowMs,
  }: { job: CompiledJob; current: CompiledJob; reign: Reign; missing: readonly Slot[]; nowMs: number },
): Promise<readonly Slot[]> {
  const waiting: Slot[] = [];
  for (const { atMs, dueAtMs } of missing) {
    const slot = { atMs, dueAtMs: reign.resume === undefined ? dueAtMs : Math.max(dueAtMs, reign.untilMs) };
    const end = endOfSlot(slot, { job, current, nowMs, misfireAfterMs: core.knobs.misfireAfterMs });
    if (end === undefined) waiting.push(slot);
    else await closeSlot(core, slot, { job, end });
  }
  // While the job is paused its unclaimed slots are held: ringing would be in vain.
  if (waiting.length > 0 && current.version.state === "active") {
    core.metrics.count("slots_rung_again", {}, waiting.length);
    core.metrics.observe("oldest_unclaimed_ms", nowMs - (waiting[0]?.dueAtMs ?? nowMs));
    await sendDoorbells(
      core,
      waiting.map((slot) => slotDoorbell(job, slot)),
    );
  }
  return waiting;
}

function firingSlots(job: CompiledJob, afterMs: number, toMs: number): { slots: readonly Slot[]; isCut: boolean } {
  const slots: Slot[] = [];
  if (toMs <= afterMs) return { slots, isCut: false };
  for (const slot of job.schedule.firing(afterMs)) {
    if (slot.atMs > toMs) break;
    if (slots.length === MAX_SLOTS_PER_LOOK) return { slots, isCut: true };
    slots.push(slot);
  }
  return { slots, isCut: false };
}

async function readRows(
  core: Core,
  job: CompiledJob,
  { fromMs, toMs }: { fromMs: number; toMs: number },
): Promise<ReadonlyMap<number, Run>> {
  const rows = new Map<number, Run>();
  for await (const row of core.runs.rows(job.version, { fromMs, beforeMs: toMs + 1 })) {
    if ("run" in row && row.run.cause === "slot") rows.set(row.run.slotAtMs, row.run);
  }
  return rows;
}
