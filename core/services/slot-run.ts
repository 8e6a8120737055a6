import type { CompiledJob } from "../job/compile.ts";
import { stampOf } from "../run/run-id.ts";
import type { QueuedRun } from "../run/run.ts";
import type { Slot } from "../schedule/schedule.ts";
import type { Doorbell } from "./send.ts";

/** The doorbell of a slot's run. */
export function slotDoorbell(job: CompiledJob, slot: Slot): Doorbell {
  const { namespace, name, version } = job.version;
  return {
    message: { v: 1, namespace, job: name, stamp: stampOf(slot.atMs), version, dueAtMs: slot.dueAtMs },
    pool: job.pool,
    priority: job.priority,
  };
}

/** The record of a slot's run, as it is before its first claim. */
export function slotRun(
  job: CompiledJob,
  slot: { readonly atMs: number; readonly dueAtMs: number },
  nowMs: number,
): QueuedRun {
  const { namespace, name, version } = job.version;
  return {
    status: "queued",
    namespace,
    job: name,
    stamp: stampOf(slot.atMs),
    version,
    cause: "slot",
    slotAtMs: slot.atMs,
    dueAtMs: slot.dueAtMs,
    createdAtMs: nowMs,
    pool: job.pool,
    priority: job.priority,
    epoch: 0,
    attempt: 0,
    charged: 0,
    attempts: [],
  };
}
