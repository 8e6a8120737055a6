import type { CompiledJob } from "../../core/job/compile.ts";
import type { JobVersion } from "../../core/job/version.ts";
import type { Job } from "../contract/job.ts";
import { iso } from "./iso.ts";

/** A job at the version that governs now, with its next slot. */
export function presentJob(job: CompiledJob, nowMs: number): Job {
  const nextSlotMs = job.version.state === "active" ? findNextSlot(job, nowMs) : undefined;
  return { ...presentVersion(job.version), ...(nextSlotMs === undefined ? {} : { nextSlotAt: iso(nextSlotMs) }) };
}

/** Any version of a job. */
export function presentVersion(version: JobVersion): Job {
  const { namespace, name, state, definition, note, by } = version;
  return {
    namespace,
    name,
    version: version.version,
    state,
    definition,
    createdAt: iso(version.createdAtMs),
    since: iso(version.sinceMs),
    ...(note === undefined ? {} : { note }),
    ...(by === undefined ? {} : { by }),
  };
}

/** Slots left out by a calendar that are passed over, at most: years of closed seconds must not be walked for one line. */
const MAX_PASSED_OVER = 1_000;

function findNextSlot({ schedule }: CompiledJob, nowMs: number): number | undefined {
  let passedOver = 0;
  for (const slot of schedule.after(nowMs)) {
    if (slot.excludedBy === undefined) return slot.atMs;
    passedOver += 1;
    if (passedOver === MAX_PASSED_OVER) return undefined;
  }
  return undefined;
}
