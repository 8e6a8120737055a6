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

function findNextSlot({ schedule }: CompiledJob, nowMs: number): number | undefined {
  const [next] = schedule.firing(nowMs);
  return next?.atMs;
}
