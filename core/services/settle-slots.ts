import type { CompiledJob } from "../job/compile.ts";
import type { GivenUp } from "../ledger/given-up.ts";
import { isEnded, type Run } from "../run/run.ts";
import type { Slot } from "../schedule/schedule.ts";
import type { RunEntry } from "../store/due-index.ts";
import { closeSlot, endOfSlot } from "./close-slot.ts";
import type { Core } from "./core.ts";
import { meetAtMs } from "./meet.ts";
import { patienceMs } from "./patience.ts";
import type { Reign } from "./reign.ts";
import { sendDoorbells } from "./send.ts";
import { slotDoorbell } from "./slot-run.ts";
import { watchesOf } from "./watch.ts";

/** Slots of one version that were dispatched, and those among them that were not. */
export interface Dispatched {
  readonly job: CompiledJob;
  readonly current: CompiledJob;
  readonly reign: Reign;
  /** Slots in (afterMs, untilMs]. */
  readonly afterMs: number;
  readonly untilMs: number;
  readonly looks: number;
  readonly gaveUp: readonly GivenUp[];
}

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
  { job, current, reign, afterMs, untilMs, looks, gaveUp }: Dispatched,
): Promise<Settled> {
  const { settleAfterMs } = core.knobs;
  const nowMs = core.clock.nowMs();
  // A version that governs no more has nothing on its way but what a pause may have held: that is looked for at once.
  const graceMs = Number.isFinite(reign.untilMs) ? 0 : settleAfterMs;
  const endMs = Math.min(untilMs, nowMs - graceMs - job.schedule.jitterMs);
  const { slots, isCut } = firingSlots(job, { afterMs, toMs: endMs, gaveUp });
  const lastMs = isCut ? (slots.at(-1)?.atMs ?? endMs) : endMs;
  // Also of slots that were given up: a late message may have fired one.
  const [firstGivenUp] = gaveUp.filter(({ fromMs, toMs }) => fromMs <= lastMs && toMs > afterMs);
  const fromMs = Math.min(slots[0]?.atMs ?? Infinity, firstGivenUp?.fromMs ?? Infinity);
  if (fromMs > lastMs) {
    const restMs = Math.max(afterMs, endMs);
    const isComplete =
      endMs >= untilMs || firingSlots(job, { afterMs: restMs, toMs: untilMs, gaveUp }).slots.length === 0;
    return { settledMs: restMs, isComplete, watches: [], looks: 0, lookAgainMs: undefined };
  }

  const rows = await readRows(core, job, { fromMs: Math.max(fromMs, Math.floor(afterMs) + 1), toMs: lastMs });
  const missing = slots.filter(({ atMs }) => !rows.has(atMs));
  const open = [...rows.values()].filter((row) => !isEnded(row));
  const watchThrough = (untilSlotMs: number) =>
    watchesOf(
      open.filter((run) => run.slotAtMs <= untilSlotMs),
      { nowMs, rungThroughMs: nowMs, visitAtMs: () => nowMs + settleAfterMs },
    );
  const stillMissing = await recover(core, { job, current, reign, missing, nowMs });
  const [firstMissing] = stillMissing;
  if (firstMissing === undefined) {
    return {
      settledMs: lastMs,
      isComplete: false,
      watches: watchThrough(lastMs),
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
    lookAgainMs: meetAtMs(nowMs + patienceMs(core.knobs, looks)),
  };
}

/**
 * Watches for what a version that governs no more rang for beyond its time, and that fired all the same since the next
 * version was committed only then: it is nobody's slot, and its message may be lost.
 */
export async function watchesOfOverrun(
  core: Core,
  job: CompiledJob,
  { afterMs, untilMs }: { readonly afterMs: number; readonly untilMs: number },
): Promise<readonly RunEntry[]> {
  if (untilMs <= afterMs) return [];
  const rows = await readRows(core, job, { fromMs: Math.floor(afterMs) + 1, toMs: untilMs });
  const nowMs = core.clock.nowMs();
  return watchesOf(
    [...rows.values()].filter((run) => run.version === job.version.version && !isEnded(run)),
    { nowMs, rungThroughMs: nowMs, visitAtMs: () => nowMs + core.knobs.settleAfterMs },
  );
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

/** The firing slots in (afterMs, toMs] that were not given up; the cost does not grow with those that were. */
function firingSlots(
  job: CompiledJob,
  { afterMs, toMs, gaveUp }: { afterMs: number; toMs: number; gaveUp: readonly GivenUp[] },
): { slots: readonly Slot[]; isCut: boolean } {
  const slots: Slot[] = [];
  let fromMs = afterMs;
  for (const stretch of [...gaveUp, { fromMs: Infinity, toMs: Infinity }]) {
    const lastMs = Math.min(toMs, stretch.fromMs - 1);
    if (lastMs > fromMs) {
      for (const slot of job.schedule.firing(fromMs)) {
        if (slot.atMs > lastMs) break;
        if (slots.length === MAX_SLOTS_PER_LOOK) return { slots, isCut: true };
        slots.push(slot);
      }
    }
    fromMs = Math.max(fromMs, stretch.toMs);
    if (fromMs >= toMs) break;
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
