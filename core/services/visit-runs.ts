import { formatRunId, stepOf } from "../run/run-id.ts";
import { followsOthers, isCarried, isEnded, type Run, wasCarried } from "../run/run.ts";
import type { DueEntry, RunEntry } from "../store/due-index.ts";
import type { StoredJob } from "../store/job-store.ts";
import type { StoredRun } from "../store/run-store.ts";
import { barOf } from "./bar.ts";
import type { Core } from "./core.ts";
import { patienceMs, UNCOMMITTED_MS } from "./patience.ts";
import { endLost } from "./end-lost.ts";
import { expireRun } from "./end-unclaimed.ts";
import { followUp } from "./follow-up.ts";
import { holdsShared, letGoHeld, repairLimit } from "./leave-limit.ts";
import { type Doorbell, runDoorbell, sendDoorbells } from "./send.ts";
import { holdOf } from "./worker-liveness.ts";
import { type Carried, carry } from "./workflow/carry.ts";

const UNCOMMITTED_RETRY_MS = 30_000;

/**
 * Visits runs that are watched: rings for those that come due, for those whose message seems lost and for those of dead
 * workers; reminds workers of cancellations; and lets go of those that have ended.
 *
 * @returns the entry that takes the place of the visited one, or none
 */
export async function visitRuns(core: Core, entry: RunEntry): Promise<readonly DueEntry[]> {
  const nowMs = core.clock.nowMs();
  const stored = await core.runs.findMany(
    entry.stamps.map((stamp) => ({ namespace: entry.namespace, job: entry.job, stamp })),
  );
  const visit: Visit = {
    core,
    entry,
    current: once(() => core.jobs.find(entry.namespace, entry.job)),
    lines: new Map(),
  };
  const byStamp = new Map(stored.map((item) => [item.run.stamp, item]));
  const doorbells: Doorbell[] = [];
  const open: { stamp: string; visitAtMs: number }[] = [];
  let rangAgain = false;
  for (const stamp of entry.stamps) {
    const item = byStamp.get(stamp);
    const next = item === undefined ? awaitCommit(entry, nowMs) : await look(visit, item);
    if (next === undefined) continue;
    open.push({ stamp, visitAtMs: next.visitAtMs });
    if (next.ring !== undefined) doorbells.push(next.ring);
    rangAgain ||= next.isAgain === true;
  }
  await sendDoorbells(core, doorbells);
  if (open.length === 0) return [];
  return [
    {
      ...entry,
      stamps: open.map(({ stamp }) => stamp),
      visitAtMs: open.reduce((least, { visitAtMs }) => Math.min(least, visitAtMs), Infinity),
      rungThroughMs: Math.max(entry.rungThroughMs, nowMs + core.knobs.lookAheadMs),
      looks: rangAgain ? entry.looks + 1 : entry.looks,
    },
  ];
}

/** What the looks at the runs of one entry share. */
interface Visit {
  readonly core: Core;
  readonly entry: RunEntry;
  /** The job as it is now. */
  readonly current: () => Promise<StoredJob | undefined>;
  /** By concurrency key: stamps of those that stand in line there. */
  readonly lines: Map<string, Promise<ReadonlySet<string>>>;
}

interface Look {
  readonly visitAtMs: number;
  readonly ring?: Doorbell;
  readonly isAgain?: boolean;
}

function awaitCommit(entry: RunEntry, nowMs: number): Look | undefined {
  return nowMs - entry.armedAtMs > UNCOMMITTED_MS ? undefined : { visitAtMs: nowMs + UNCOMMITTED_RETRY_MS };
}

/** What one run needs now; `undefined` when it needs no watch any more. */
async function look(visit: Visit, stored: StoredRun): Promise<Look | undefined> {
  const { core, entry } = visit;
  const { run } = stored;
  const { knobs } = core;
  const nowMs = core.clock.nowMs();
  if (isEnded(run)) {
    // No message tells of its end: whoever ended it may have died before what follows from that.
    if (wasCarried(run)) await followUp(core, stored);
    return undefined;
  }
  if (isCarried(run)) return lookAtCarried(core, entry, { run, rev: stored.rev });
  if (run.status === "running") {
    const visitAtMs = nowMs + knobs.settleAfterMs;
    if ((await holdOf(core, run)) === "gone") {
      core.metrics.count("runs_of_dead_workers");
      const queued = await endLost(core, stored);
      return queued === undefined ? { visitAtMs } : { visitAtMs, ring: runDoorbell(queued.run, nowMs) };
    }
    if (run.cancel !== undefined) {
      const { graceMs } = run.cancel;
      await core.workers.command(run.worker.id, { kind: "stop", runId: formatRunId(run), epoch: run.epoch, graceMs });
    }
    return { visitAtMs };
  }
  const isHeld = await isHeldBack(visit, run);
  // Of a workflow that is paused no step expires: they get their time anew when it is resumed.
  if (!(isHeld && stepOf(run.stamp) !== undefined) && (await expireRun(core, stored))) return undefined;
  // While the job is paused, ringing for what has not started would be in vain, and make the looks after it rare.
  if (isHeld) {
    await letGoShared(core, stored);
    return { visitAtMs: nowMs + knobs.settleAfterMs };
  }
  const dueAtMs = run.status === "retrying" ? run.retryAtMs : run.dueAtMs;
  if (dueAtMs > nowMs + knobs.lookAheadMs) return { visitAtMs: dueAtMs - knobs.leadMs };
  const ring = runDoorbell(run, dueAtMs);
  if (dueAtMs > entry.rungThroughMs) return { visitAtMs: Math.max(nowMs, dueAtMs) + knobs.settleAfterMs, ring };
  const waitMs = patienceMs(knobs, entry.looks);
  if (nowMs < dueAtMs + waitMs) return { visitAtMs: dueAtMs + waitMs };
  core.metrics.observe("oldest_unclaimed_ms", nowMs - dueAtMs);
  const again = { visitAtMs: nowMs + waitMs, isAgain: true };
  return (await standsInLine(visit, run)) ? again : { ...again, ring };
}

/**
 * Whether a run stands in line for a limit, where whoever leaves rings for it: a claim would be in vain. Those who have ended
 * are taken out of the limit first, in case they died before they could leave.
 */
async function standsInLine({ core, entry, lines }: Visit, run: Run): Promise<boolean> {
  if (run.status !== "queued" || run.waitingFor === undefined) return false;
  const { waitingFor: key } = run;
  const line =
    lines.get(key) ??
    repairLimit(core, key).then(async () => {
      const { waiters } = await core.limits.find(key);
      const ours = waiters.filter(({ namespace, job }) => namespace === entry.namespace && job === entry.job);
      return new Set(ours.map(({ stamp }) => stamp));
    });
  lines.set(key, line);
  return (await line).has(run.stamp);
}

function once<T>(get: () => Promise<T>): () => Promise<T> {
  let got: Promise<T> | undefined;
  return () => (got ??= get());
}

/** One that waited for a limit when its job was paused may hold others, and would until that one is passed on to it. */
async function letGoShared(core: Core, stored: StoredRun): Promise<void> {
  const { run } = stored;
  if (run.status !== "queued" || run.waitingFor === undefined) return;
  const job = await core.jobs.ofRun(run);
  if (job !== undefined && (await holdsShared(core, run, job))) await letGoHeld(core, stored, job);
}

async function isHeldBack({ core, current: find }: Visit, run: Run): Promise<boolean> {
  const job = await core.jobs.ofRun(run);
  const current = (await find())?.compiled;
  if (job === undefined || current === undefined) return false;
  return (await barOf(core, run, { job, current }))?.kind === "hold";
}

/**
 * One that the engine carries is rung for when its time comes; what has parts that may have ended unheard is looked after
 * from time to time.
 */
async function lookAtCarried(core: Core, entry: RunEntry, carried: Carried): Promise<Look | undefined> {
  const { run } = carried;
  const { wakeAtMs = Infinity } = run;
  const { knobs } = core;
  const nowMs = core.clock.nowMs();
  const isLookedAfter = followsOthers(run);
  if (isLookedAfter || wakeAtMs <= nowMs) await carry(core, carried);
  const restMs = run.cancel === undefined ? patienceMs(knobs, entry.looks) : knobs.settleAfterMs;
  const againMs = isLookedAfter ? nowMs + restMs : Infinity;
  const isSoon = wakeAtMs <= nowMs + knobs.lookAheadMs;
  const wakeVisitMs = isSoon ? Math.max(nowMs, wakeAtMs) + knobs.settleAfterMs : wakeAtMs - knobs.leadMs;
  const visitAtMs = Math.min(againMs, wakeVisitMs);
  if (!Number.isFinite(visitAtMs)) return undefined;
  return {
    visitAtMs,
    isAgain: isLookedAfter,
    ...(isSoon && wakeAtMs > entry.rungThroughMs && { ring: runDoorbell(run, wakeAtMs) }),
  };
}
