import { CarillonError } from "../errors.ts";
import type { CompiledJob } from "../job/compile.ts";
import type { GivenUp } from "../ledger/given-up.ts";
import type { JobVersion, ResumeChoice } from "../job/version.ts";
import type { JobEntry } from "../store/due-index.ts";
import { orPutOff } from "./after-commit.ts";
import { changeJob } from "./change-job.ts";
import type { Core } from "./core.ts";
import { visitNow } from "./visit-now.ts";

export interface StateChange {
  readonly by?: string;
  readonly note?: string;
  /** Only if the job is still at this version. */
  readonly ifVersion?: number;
}

/** Holds what has not been claimed: no slot after this instant fires, no run that waits starts, until the job is resumed. Idempotent. */
export function pauseJob(core: Core, namespace: string, name: string, { by, note, ifVersion }: StateChange) {
  return changeJob(core, namespace, name, (current) => {
    const { version } = expectJob(current?.compiled, name, ifVersion);
    if (version.state === "paused") return undefined;
    return { state: "paused", definition: version.definition, ...named({ by, note }) };
  });
}

/**
 * Lets a paused job go on, with a choice of what becomes of the slots in the pause. Idempotent. The walks of the pause,
 * which rested, are armed before the resumption is committed, so that it can't be committed without them.
 */
export async function resumeJob(
  core: Core,
  namespace: string,
  name: string,
  { by, note, ifVersion, missed }: StateChange & { readonly missed: ResumeChoice },
) {
  let walks: readonly JobEntry[] = [];
  const outcome = await changeJob(core, namespace, name, async (current) => {
    const { version } = expectJob(current?.compiled, name, ifVersion);
    if (version.state === "active") return undefined;
    walks = await pausedWalks(core, version);
    await Promise.all(walks.map((walk) => core.due.arm(walk)));
    return { state: "active", definition: version.definition, resume: missed, ...named({ by, note }) };
  });
  for (const walk of walks) await orPutOff(core, () => visitNow(core, walk));
  return outcome;
}

/** How far back rows are looked for of slots that were due shortly before the pause and held by it. */
export const HELD_LOOK_BACK_MS = 5 * 60_000;
/** Leaves the walks to us, who visit them at once, unless we die. */
const TAKE_OVER_MS = 5_000;

/** Entries for the versions of a pause, newest first, and for the active one before it, whose last slots the pause may hold. */
async function pausedWalks(core: Core, paused: JobVersion): Promise<readonly JobEntry[]> {
  const { namespace, name } = paused;
  const armedAtMs = core.clock.nowMs();
  const entries: JobEntry[] = [];
  let untilMs = paused.sinceMs;
  for (let version = paused.version; version >= 1; version -= 1) {
    const job = await core.jobs.findVersion(namespace, name, version);
    if (job === undefined || job.version.state === "deleted") break;
    const isPaused = job.version.state === "paused";
    const { sinceMs } = job.version;
    // A chain has no slots in a pause, and the walk of the last one goes on by itself.
    const isChain = job.schedule.kind === "afterEnd";
    const cursorMs = isPaused ? sinceMs : untilMs;
    const settledMs = isPaused ? sinceMs : Math.max(sinceMs, untilMs - HELD_LOOK_BACK_MS);
    const visitAtMs = armedAtMs + TAKE_OVER_MS;
    if (!isChain) {
      const gaveUp = isPaused ? [] : await missedSlots(core, job.version, { fromMs: settledMs, toMs: cursorMs });
      const walk = { kind: "job", namespace, job: name, version, visitAtMs, armedAtMs } as const;
      entries.push({ ...walk, cursorMs, settledMs, looks: 0, gaveUp });
    }
    if (!isPaused) break;
    untilMs = sinceMs;
  }
  return entries;
}

/** What walks of an active version have given up. */
async function missedSlots(
  core: Core,
  { namespace, name, version }: JobVersion,
  range: { fromMs: number; toMs: number },
): Promise<readonly GivenUp[]> {
  const gaps = await core.runs.gapsOver({ namespace, name }, range);
  const missed = gaps.filter((gap) => gap.version === version && gap.reason === "misfire");
  return missed.map(({ fromMs, toMs }) => ({ fromMs, toMs }));
}

/** Also a deleted job is known: its ledger stays. */
export function expectKnown(job: CompiledJob | undefined, name: string): CompiledJob {
  if (job === undefined) throw new CarillonError("not-found", `Cannot find job "${name}"`);
  return job;
}

export function expectJob(job: CompiledJob | undefined, name: string, ifVersion?: number): CompiledJob {
  if (job === undefined || job.version.state === "deleted") {
    throw new CarillonError("not-found", `Cannot find job "${name}"`);
  }
  if (ifVersion !== undefined && ifVersion !== job.version.version) {
    throw new CarillonError(
      "version-conflict",
      `Cannot change job "${name}": it is at version ${job.version.version}, not ${ifVersion}`,
    );
  }
  return job;
}

function named({ by, note }: { by?: string | undefined; note?: string | undefined }) {
  return { ...(by === undefined ? {} : { by }), ...(note === undefined ? {} : { note }) };
}
