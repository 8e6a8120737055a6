import type { CompiledJob } from "../job/compile.ts";
import type { ResumeChoice } from "../job/version.ts";
import { resumedSlot } from "../ledger/plan.ts";
import type { Slot } from "../schedule/schedule.ts";
import type { Core } from "./core.ts";

/** The time of one version. */
export interface Reign {
  /** The last instant that it governs; `Infinity` for the governing one. */
  readonly untilMs: number;
  /** For a paused version that was resumed: the choice that was made. */
  readonly resume: ResumeChoice | undefined;
}

/** The slot at an instant as it is to fire, under the version that governs the instant; `undefined` when nothing is to. */
export async function findSlot(
  core: Core,
  current: CompiledJob,
  atMs: number,
): Promise<{ readonly job: CompiledJob; readonly slot: Slot } | undefined> {
  const job = await core.jobs.findGoverning(current, atMs);
  if (job === undefined || job.version.state === "deleted") return undefined;
  const slot =
    job.version.state === "active" ? job.schedule.at(atMs) : await findResumedSlot(core, { job, current, atMs });
  return slot === undefined || slot.excludedBy !== undefined ? undefined : { job, slot };
}

async function findResumedSlot(
  core: Core,
  { job, current, atMs }: { job: CompiledJob; current: CompiledJob; atMs: number },
): Promise<Slot | undefined> {
  // A chain has no slots in a pause.
  if (job.schedule.kind === "afterEnd") return undefined;
  const { untilMs, resume } = await findReign(core, job, current);
  return resume === undefined ? undefined : resumedSlot(job, atMs, { untilMs, resume });
}

/** Until when a version governs, and, for a paused one, how it was resumed. */
export async function findReign(core: Core, job: CompiledJob, current: CompiledJob): Promise<Reign> {
  const { namespace, name, version, state } = job.version;
  if (version === current.version.version) return { untilMs: Infinity, resume: undefined };
  const successor = await core.jobs.findVersion(namespace, name, version + 1);
  if (successor === undefined) throw new Error(`Cannot walk job "${name}": version ${version + 1} is missing`);
  const untilMs = successor.version.sinceMs;
  if (state !== "paused") return { untilMs, resume: undefined };
  if (successor.version.state !== "paused") return { untilMs, resume: successor.version.resume ?? "now" };
  // Changed while paused: only the last version before the resumption can have slots to catch up on.
  return { untilMs, resume: current.version.state === "paused" ? undefined : "now" };
}
