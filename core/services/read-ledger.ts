import { CarillonError } from "../errors.ts";
import type { CompiledJob } from "../job/compile.ts";
import { accountSlot, type LedgerSummary, LedgerTally } from "../ledger/account.ts";
import type { Run } from "../run/run.ts";
import { queueName } from "../run/message.ts";
import type { Core } from "./core.ts";
import { expectKnown, HELD_LOOK_BACK_MS } from "./pause-job.ts";
import { expectTime } from "./time-range.ts";

/** Slots that one request may account for. */
export const MAX_LEDGER_SLOTS = 100_000;

/**
 * Accounts for every slot of a job in [fromMs, toMs) up to now: recomputes the slots from the versions that governed
 * them and finds the row of each. Works on deleted jobs too.
 *
 * @throws {CarillonError} `not-found`, `window-empty`, `range-too-large`
 */
export async function readLedger(
  core: Core,
  namespace: string,
  name: string,
  range: { fromMs: number; toMs: number },
): Promise<LedgerSummary> {
  const current = expectKnown((await core.jobs.find(namespace, name))?.compiled, name);
  expectTime(range, "Cannot read the ledger");
  const nowMs = core.clock.nowMs();
  const toMs = Math.min(range.toMs, nowMs + 1);
  const settleMs = core.knobs.misfireAfterMs + 2 * core.knobs.settleAfterMs;
  const rows = await slotRows(core, current, { fromMs: range.fromMs, toMs });
  const gaps = await core.runs.gapsOver(current.version, { fromMs: range.fromMs, toMs });
  const lastRowMs = Math.max(-Infinity, ...[...rows.keys()].slice(-1));
  const waiting = await queueWaits(core, current);
  const tally = new LedgerTally();
  const accounted = new Set<number>();
  for (const reign of await reigns(core, current)) {
    const { schedule, version } = reign.job;
    if (version.state === "deleted" || schedule.kind === "afterEnd") continue;
    const untilMs = Math.min(reign.untilMs, toMs - 1);
    const ownGaps = gaps.filter((gap) => gap.version === version.version);
    for (const slot of schedule.after(Math.max(version.sinceMs, range.fromMs - 1))) {
      if (slot.atMs > untilMs || slot.dueAtMs > nowMs) break;
      if (accounted.size === MAX_LEDGER_SLOTS) {
        throw new CarillonError(
          "range-too-large",
          `Cannot account for more than ${MAX_LEDGER_SLOTS} slots at once: ask for a shorter stretch`,
          { pointer: "/to" },
        );
      }
      accounted.add(slot.atMs);
      const row = rows.get(slot.atMs);
      if (row === undefined && slot.excludedBy !== undefined) {
        tally.add(slot.atMs, { kind: "skipped", reason: "calendar" });
        continue;
      }
      const isPaused = version.state === "paused" || isHeld(slot.atMs, current, lastRowMs);
      const isFresh = slot.dueAtMs >= Math.min(waiting.sinceMs, nowMs - settleMs);
      tally.add(slot.atMs, accountSlot(slot.atMs, { row, gaps: ownGaps, isPaused, isFresh }));
    }
  }
  // What fired under a version just before the next one took over, and the slots of `afterEnd` schedules, are known from their rows.
  for (const [atMs, row] of rows) {
    if (!accounted.has(atMs)) tally.add(atMs, accountSlot(atMs, { row, gaps: [], isPaused: false, isFresh: true }));
  }
  return tally.summary();
}

/**
 * Since when messages wait in the job's queue: a slot that is due no earlier may have its message among them, and gets its
 * row when a worker comes to it. `Infinity` when none waits, `-Infinity` when the queue does not tell for how long.
 */
async function queueWaits(core: Core, { pool, priority }: CompiledJob): Promise<{ readonly sinceMs: number }> {
  const { visible, oldestAgeMs } = await core.queue.depth(queueName(pool, priority));
  if (visible === 0) return { sinceMs: Infinity };
  return { sinceMs: core.clock.nowMs() - (oldestAgeMs ?? Infinity) - core.knobs.prefetchMs };
}

/** Whether a slot without a row is held by a pause: due shortly before it, or after the last slot that started. */
function isHeld(atMs: number, { version }: CompiledJob, lastRowMs: number): boolean {
  if (version.state !== "paused" || atMs > version.sinceMs) return false;
  return atMs > lastRowMs || atMs > version.sinceMs - HELD_LOOK_BACK_MS;
}

interface Reign {
  readonly job: CompiledJob;
  /** Last instant governed. */
  readonly untilMs: number;
}

async function reigns(core: Core, current: CompiledJob): Promise<readonly Reign[]> {
  const versions = await core.jobs.history(current);
  return versions.map((job, index) => ({ job, untilMs: versions[index + 1]?.version.sinceMs ?? Infinity }));
}

async function slotRows(
  core: Core,
  job: CompiledJob,
  { fromMs, toMs }: { fromMs: number; toMs: number },
): Promise<ReadonlyMap<number, Run>> {
  const rows = new Map<number, Run>();
  for await (const row of core.runs.rows(job.version, { fromMs, beforeMs: toMs })) {
    if ("run" in row && row.run.cause === "slot") rows.set(row.run.slotAtMs, row.run);
  }
  return rows;
}
