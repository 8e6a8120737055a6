import type { CompiledJob } from "../job/compile.ts";
import type { Ending } from "../run/run.ts";
import type { Core } from "./core.ts";
import { slotRun } from "./slot-run.ts";

interface DueSlot {
  readonly atMs: number;
  readonly dueAtMs: number;
}

export interface SlotContext {
  readonly job: CompiledJob;
  readonly current: CompiledJob;
  readonly nowMs: number;
  /** With `misfire: none`, how late a slot may start at most. */
  readonly misfireAfterMs: number;
}

export type SlotEnd = Omit<Ending, "endedAtMs">;

/** How a slot ends that has no row and can't fire any more; `undefined` when it still can. */
export function endOfSlot(slot: DueSlot, { job, current, nowMs, misfireAfterMs }: SlotContext): SlotEnd | undefined {
  // Defined again after a deletion, a job has another life; what was left of the former one ended with it.
  if (current.version.state === "deleted" || current.version.createdAtMs !== job.version.createdAtMs)
    return { status: "skipped", reason: "deleted" };
  const { queueMs } = job.timeouts;
  if (queueMs !== undefined && nowMs > slot.dueAtMs + queueMs)
    return { status: "expired", error: queueTimeout(queueMs) };
  if (nowMs > slot.dueAtMs + lateAfterMs(job, misfireAfterMs)) return { status: "skipped", reason: "misfire" };
  return undefined;
}

/** How late a slot may start at most, milliseconds. */
export function lateAfterMs({ misfire }: CompiledJob, misfireAfterMs: number): number {
  return misfire.policy === "none" ? Math.min(misfireAfterMs, misfire.maxLatenessMs) : misfire.maxLatenessMs;
}

/** Gives a slot its final row, unless it has one. */
export async function closeSlot(
  core: Core,
  slot: DueSlot,
  { job, end }: { job: CompiledJob; end: SlotEnd },
): Promise<void> {
  const nowMs = core.clock.nowMs();
  await core.runs.put({ ...slotRun(job, slot, nowMs), ...end, endedAtMs: nowMs }, "absent");
}

export function queueTimeout(queueMs: number) {
  return { name: "QUEUE_TIMEOUT", message: `not started within ${queueMs} ms` };
}
