import { findLeftover, isSame, leave, type Limit, type Member } from "../limit/limit.ts";
import { isShared, keptBetweenAttempts, type RunLimit, runLimits } from "../limit/run-limits.ts";
import type { CompiledJob } from "../job/compile.ts";
import { MacroError } from "../run/macros.ts";
import type { RunKey } from "../run/run-id.ts";
import { type EndedRun, isEnded, type Run } from "../run/run.ts";
import { MAX_BATCH_GET } from "../ports/table.ts";
import type { StoredRun } from "../store/run-store.ts";
import type { Core } from "./core.ts";
import { ringMembers } from "./ring-members.ts";

/** Waiters that are looked at; holders all are. */
const MAX_WAITERS_LOOKED_AT = 100;

/** Takes an ended run out of its limits. */
export async function leaveLimits(core: Core, run: EndedRun, job: CompiledJob): Promise<void> {
  for (const { key } of limitsOf(run, job)) await leaveAsEnded(core, key, run);
}

/**
 * Takes a run that will go on out of the limits that it does not keep meanwhile.
 *
 * @param before - only places taken by claims that were based on an earlier revision of its record: the caller's record
 * has replaced that one, so none of them can succeed any more. What a later claim relies upon stays.
 * @param options.after - only out of the limits that are taken after this one
 */
export async function letGo(
  core: Core,
  { run, before }: { readonly run: Run; readonly before: number },
  { job, after }: { readonly job: CompiledJob; readonly after?: string },
): Promise<void> {
  const limits = limitsOf(run, job);
  const from = after === undefined ? keptOf(run, limits) : limits.findIndex(({ key }) => key === after) + 1;
  for (const { key } of limits.slice(from)) {
    const promoted = await core.limits.change<readonly Member[]>(key, (limit) => {
      if (findLeftover(limit, run, before) === undefined) return { result: [] };
      const left = leave(limit, (member) => isSame(member, run));
      return { limit: left.limit, result: left.promoted };
    });
    await ringMembers(core, promoted);
  }
}

/**
 * A run that is held by a pause must not hold up the runs of other jobs. Its record is written anew before it lets go of its
 * limits: another claim, based on the same record, must not begin and rely upon them.
 */
export async function letGoHeld(core: Core, { run, rev }: StoredRun, job: CompiledJob): Promise<void> {
  if (!(await hasLeftovers(core, { run, before: rev + 1 }, job))) return;
  const written = await core.runs.put(run, rev);
  if (written.ok) await letGo(core, { run, before: written.rev }, { job });
}

/** Whether a run holds a limit that runs of other jobs may wait for. */
export async function holdsShared(core: Core, run: Run, job: CompiledJob): Promise<boolean> {
  for (const { key } of limitsOf(run, job).filter(isShared)) {
    if ((await core.limits.find(key)).holders.some((holder) => isSame(holder, run))) return true;
  }
  return false;
}

/** Whether there is anything that `letGo` would let go of. */
export async function hasLeftovers(
  core: Core,
  { run, before }: { readonly run: Run; readonly before: number },
  job: CompiledJob,
): Promise<boolean> {
  const limits = limitsOf(run, job);
  for (const { key } of limits.slice(keptOf(run, limits))) {
    if (findLeftover(await core.limits.find(key), run, before) !== undefined) return true;
  }
  return false;
}

/** One that has begun keeps others of its job out until it ends. */
function keptOf(run: Run, limits: readonly RunLimit[]): number {
  return run.attempt > 0 ? keptBetweenAttempts(limits) : 0;
}

/** A run whose keys can't be told holds none. */
function limitsOf(run: Run, job: CompiledJob): readonly RunLimit[] {
  try {
    return runLimits(run, job);
  } catch (error) {
    if (error instanceof MacroError) return [];
    throw error;
  }
}

/**
 * Takes an ended run out of a limit and its line, and rings for those who come in for it. A holder for whom nobody waits
 * is left in place: the next that finds the limit full drops it, which saves a write a run.
 */
async function leaveAsEnded(core: Core, key: string, run: RunKey): Promise<void> {
  const promoted = await core.limits.change<readonly Member[]>(key, (limit) => {
    if (limit.waiters.length === 0) return { result: [] };
    if (![...limit.holders, ...limit.waiters].some((member) => isSame(member, run))) return { result: [] };
    const after = leave(limit, (member) => isSame(member, run));
    return { limit: after.limit, result: after.promoted };
  });
  await ringMembers(core, promoted);
}

/** Drops members that have ended and rings for those who come in for them. */
export async function repairLimit(core: Core, key: string): Promise<void> {
  const promoted = await core.limits.change<readonly Member[]>(key, async (limit) => {
    const after = await dropEnded(core, limit);
    return after.limit === limit ? { result: [] } : { limit: after.limit, result: after.promoted };
  });
  await ringMembers(core, promoted);
}

/** The limit without members whose runs have ended; the same object when there are none. */
export async function dropEnded(
  core: Core,
  limit: Limit,
): Promise<{ readonly limit: Limit; readonly promoted: readonly Member[] }> {
  const members = [...limit.holders, ...limit.waiters.slice(0, MAX_WAITERS_LOOKED_AT)];
  const ended: RunKey[] = [];
  for (let i = 0; i < members.length; i += MAX_BATCH_GET) {
    const runs = await core.runs.findMany(members.slice(i, i + MAX_BATCH_GET));
    ended.push(...runs.filter(({ run }) => isEnded(run)).map(({ run }) => run));
  }
  if (ended.length === 0) return { limit, promoted: [] };
  return leave(limit, (member) => ended.some((run) => isSame(member, run)));
}
