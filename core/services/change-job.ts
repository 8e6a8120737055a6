import { isSameJson } from "../json.ts";
import { CarillonError } from "../errors.ts";
import type { CompiledJob } from "../job/compile.ts";
import type { JobVersion } from "../job/version.ts";
import type { StoredJob } from "../store/job-store.ts";
import { orPutOff, orUnknown } from "./after-commit.ts";
import type { Core } from "./core.ts";
import { firstEntry } from "./visit-job.ts";
import { visitNow } from "./visit-now.ts";

/** What the caller wants of the next version; the rest follows from the one before. */
export type VersionChange = Pick<JobVersion, "state" | "definition"> &
  Partial<Pick<JobVersion, "resume" | "note" | "by" | "calendars">>;

const MAX_ROUNDS = 20;
const STALLED_MS = 60_000;

/**
 * Brings about the next version of a job. `decide` is given the governing version (`undefined`: none yet) and returns
 * the change, or `undefined` when there is nothing to change; it may be called again when another change came first.
 *
 * The walk of the new version is armed before the version is committed, and taken up at once when it has slots within
 * the look-ahead; should that fail, the change has been made all the same, and the scheduler takes the walk up.
 *
 * @returns the governing version after the call, and whether it is new
 */
export async function changeJob(
  core: Core,
  namespace: string,
  name: string,
  decide: (current: StoredJob | undefined) => Promise<VersionChange | undefined> | VersionChange | undefined,
): Promise<{ readonly job: CompiledJob; readonly changed: boolean }> {
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const current = await core.jobs.find(namespace, name);
    const change = await decide(current);
    if (change === undefined) {
      if (current === undefined)
        throw new CarillonError("not-found", `Cannot find job "${name}" in namespace "${namespace}"`);
      return { job: current.compiled, changed: false };
    }
    const next = nextVersion(namespace, name, {
      change,
      previous: current?.compiled.version,
      isHeard: current?.isHeard === true || (await core.listeners.isHeard(namespace, name)),
      nowMs: core.clock.nowMs(),
    });
    const job = await core.jobs.compile(next);
    const entry = firstEntry(core, job);
    if (entry !== undefined) await core.due.arm(entry);
    const previous = current === undefined ? undefined : { version: current.compiled.version, rev: current.rev };
    if (!(await core.jobs.commit(next, previous))) continue;
    // Whoever was held up between arming and committing may have been given up meanwhile.
    const nowMs = core.clock.nowMs();
    if (entry !== undefined && nowMs - entry.armedAtMs > STALLED_MS)
      await orUnknown(() => core.due.arm({ ...entry, armedAtMs: nowMs }));
    if (entry !== undefined && entry.visitAtMs <= next.sinceMs + core.knobs.lookAheadMs)
      await orPutOff(core, () => visitNow(core, entry));
    return { job, changed: true };
  }
  throw new CarillonError(
    "version-conflict",
    `Cannot change job "${name}": it was changed ${MAX_ROUNDS} times meanwhile`,
  );
}

function nextVersion(
  namespace: string,
  name: string,
  {
    change,
    previous,
    isHeard,
    nowMs,
  }: { change: VersionChange; previous: JobVersion | undefined; isHeard: boolean; nowMs: number },
): JobVersion {
  const sinceMs = Math.max(Math.floor(nowMs), (previous?.sinceMs ?? 0) + 1);
  const isReborn = previous === undefined || previous.state === "deleted";
  // A calendar's new edition is no new schedule: it must neither count `maxRuns` anew nor refuse one that has run out.
  const keepsSchedule = !isReborn && isSameJson(previous.definition.schedule, change.definition.schedule);
  return {
    namespace,
    name,
    version: (previous?.version ?? 0) + 1,
    createdAtMs: isReborn ? sinceMs : previous.createdAtMs,
    sinceMs,
    scheduleSinceMs: keepsSchedule ? previous.scheduleSinceMs : sinceMs,
    calendars: previous?.calendars ?? {},
    ...(isHeard && { isHeard }),
    ...change,
  };
}
