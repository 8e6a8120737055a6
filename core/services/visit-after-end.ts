import type { CompiledJob } from "../job/compile.ts";
import { horizonAt } from "../ledger/plan.ts";
import { stampOf } from "../run/run-id.ts";
import { isEnded } from "../run/run.ts";
import { MAX_INSTANT_MS } from "../schedule/definition.ts";
import type { DueEntry, JobEntry } from "../store/due-index.ts";
import type { Core } from "./core.ts";
import { sendDoorbells } from "./send.ts";
import { slotDoorbell } from "./slot-run.ts";

/**
 * Visits a job whose next slot follows from the end of its last run. The chain lives in the ledger: the run of the last
 * slot tells its end, the end tells the next slot; so two visits, or a visit after a crash, come to the same slot.
 */
export async function visitAfterEnd(
  core: Core,
  entry: JobEntry,
  { job, current, untilMs }: { job: CompiledJob; current: CompiledJob; untilMs: number },
): Promise<readonly DueEntry[]> {
  const nowMs = core.clock.nowMs();
  const again = (visitAtMs: number, change: Partial<JobEntry> = {}): readonly DueEntry[] => [
    { ...entry, ...change, visitAtMs, armedAtMs: nowMs },
  ];
  if (job.version.state !== "active") return [];

  let nextMs = firstSlotMs(job);
  if (entry.cursorMs >= nextMs) {
    const last = await core.runs.find({ namespace: entry.namespace, job: entry.job, stamp: stampOf(entry.cursorMs) });
    if (last === undefined || !isEnded(last.run)) {
      const isMissing = last === undefined && nowMs > entry.cursorMs + job.schedule.jitterMs + core.knobs.settleAfterMs;
      if (isMissing && current.version.state === "active") await ring(core, job, entry.cursorMs);
      const looks = isMissing ? entry.looks + 1 : 0;
      // The end of the run brings a visit of its own; this one is for the case that it is lost.
      return again(nowMs + Math.min(core.knobs.settleMaxMs, core.knobs.settleAfterMs * 2 ** Math.min(looks, 16)), {
        looks,
      });
    }
    nextMs = Math.max(entry.cursorMs + 1, Math.ceil(last.run.endedAtMs) + (job.schedule.afterEndMs ?? 0));
  }
  for (let slot = job.schedule.at(nextMs); ; slot = job.schedule.at(nextMs)) {
    if (slot === undefined || nextMs > untilMs) return [];
    if (slot.dueAtMs > horizonAt(nowMs, core.knobs)) return again(slot.dueAtMs - core.knobs.leadMs);
    if (slot.excludedBy === undefined) break;
    const { namespace, name, version } = job.version;
    await core.runs.putGap({
      namespace,
      job: name,
      version,
      fromMs: nextMs,
      toMs: nextMs,
      reason: "calendar",
      detail: slot.excludedBy,
    });
    nextMs += job.schedule.afterEndMs ?? 0;
  }
  if (await hasReachedMaxRuns(core, job)) return [];
  await ring(core, job, nextMs);
  return again(nextMs + job.schedule.jitterMs + core.knobs.settleAfterMs, {
    cursorMs: nextMs,
    settledMs: nextMs,
    looks: 0,
  });
}

/** `maxRuns` of an `afterEnd` schedule: counted in the ledger, from the version that brought the schedule. */
async function hasReachedMaxRuns(core: Core, job: CompiledJob): Promise<boolean> {
  const { definition, scheduleSinceMs } = job.version;
  const maxRuns = definition.schedule?.maxRuns;
  if (maxRuns === undefined) return false;
  let count = 0;
  for await (const row of core.runs.rows(job.version, { fromMs: scheduleSinceMs, beforeMs: MAX_INSTANT_MS })) {
    if ("run" in row && row.run.cause === "slot") count += 1;
    if (count >= maxRuns) return true;
  }
  return false;
}

/** The slot with which a version's chain begins: the schedule's first, or one delay after the version took over a running chain. */
function firstSlotMs(job: CompiledJob): number {
  const { sinceMs, scheduleSinceMs } = job.version;
  const [first] = job.schedule.after(scheduleSinceMs);
  if (first !== undefined && first.atMs > sinceMs) return first.atMs;
  return sinceMs + Math.max(1, job.schedule.afterEndMs ?? 0);
}

async function ring(core: Core, job: CompiledJob, atMs: number): Promise<void> {
  await sendDoorbells(core, [slotDoorbell(job, { atMs, dueAtMs: atMs + job.schedule.jitterMs })]);
}
