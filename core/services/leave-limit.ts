import { isSame, leave, type Limit, type Member } from "../limit/limit.ts";
import { isKeptBetweenAttempts, type RunLimit, runLimits } from "../limit/run-limits.ts";
import type { CompiledJob } from "../job/compile.ts";
import { MacroError } from "../run/macros.ts";
import type { RunKey } from "../run/run-id.ts";
import { isEnded, type Run } from "../run/run.ts";
import { MAX_BATCH_GET } from "../ports/table.ts";
import type { Core } from "./core.ts";
import { ringMembers } from "./ring-members.ts";

/** Waiters that are looked at; holders all are. */
const MAX_WAITERS_LOOKED_AT = 100;

/**
 * Takes a run out of its limits: an ended one of all, one that will go on of those that it does not keep meanwhile.
 *
 * @param options.all - also of those that it would keep: it will never run
 */
export async function leaveLimits(core: Core, run: Run, job: CompiledJob, { all = false } = {}): Promise<void> {
  const hasEnded = isEnded(run);
  for (const { key, capacity } of limitsHeld(run, job)) {
    if (hasEnded || all || !isKeptBetweenAttempts(key)) await leaveLimit(core, key, { run, capacity, hasEnded });
  }
}

/** A run whose keys can't be told holds none. */
function limitsHeld(run: Run, job: CompiledJob): readonly RunLimit[] {
  try {
    return runLimits(run, job);
  } catch (error) {
    if (error instanceof MacroError) return [];
    throw error;
  }
}

/**
 * Takes a run out of a limit and its line, and rings for those who come in for it.
 *
 * A holder that has ended and for whom nobody waits is left in place: the next that finds the limit full drops it, which
 * saves a write a run. One that will go on (`hasEnded: false`) has to leave for certain.
 */
export async function leaveLimit(
  core: Core,
  key: string,
  { run, capacity, hasEnded }: { run: RunKey; capacity: number; hasEnded: boolean },
): Promise<void> {
  const promoted = await core.limits.change<readonly Member[]>(key, (limit) => {
    if (hasEnded && limit.waiters.length === 0) return { result: [] };
    if (![...limit.holders, ...limit.waiters].some((member) => isSame(member, run))) return { result: [] };
    const after = leave(limit, (member) => isSame(member, run), capacity);
    return { limit: after.limit, result: after.promoted };
  });
  await ringMembers(core, promoted);
}

/** Drops members that have ended and rings for those who come in for them. */
export async function repairLimit(core: Core, key: string, capacity: number): Promise<void> {
  const promoted = await core.limits.change<readonly Member[]>(key, async (limit) => {
    const after = await dropEnded(core, limit, capacity);
    return after.limit === limit ? { result: [] } : { limit: after.limit, result: after.promoted };
  });
  await ringMembers(core, promoted);
}

/** The limit without members whose runs have ended; the same object when there are none. */
export async function dropEnded(
  core: Core,
  limit: Limit,
  capacity: number,
): Promise<{ readonly limit: Limit; readonly promoted: readonly Member[] }> {
  const members = [...limit.holders, ...limit.waiters.slice(0, MAX_WAITERS_LOOKED_AT)];
  const ended: RunKey[] = [];
  for (let i = 0; i < members.length; i += MAX_BATCH_GET) {
    const runs = await core.runs.findMany(members.slice(i, i + MAX_BATCH_GET));
    ended.push(...runs.filter(({ run }) => isEnded(run)).map(({ run }) => run));
  }
  if (ended.length === 0) return { limit, promoted: [] };
  return leave(limit, (member) => ended.some((run) => isSame(member, run)), capacity);
}
