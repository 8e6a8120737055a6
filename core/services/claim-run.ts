import type { CompiledJob } from "../job/compile.ts";
import type { Expectation } from "../ports/table.ts";
import { MacroError } from "../run/macros.ts";
import { messageKey, type RunMessage } from "../run/message.ts";
import { isSlotStamp, stampAtMs, stepOf } from "../run/run-id.ts";
import {
  endedFrom,
  type CarriedRun,
  type Ending,
  isCarried,
  isEnded,
  type QueuedRun,
  type RetryingRun,
  type RunningRun,
  withoutTransient,
  type WorkerRef,
} from "../run/run.ts";
import type { StoredRun } from "../store/run-store.ts";
import { barOf } from "./bar.ts";
import { isNextLink } from "./chain-link.ts";
import { closeSlot, endOfSlot } from "./close-slot.ts";
import type { Core } from "./core.ts";
import { endLost } from "./end-lost.ts";
import { endUnclaimed, expireRun } from "./end-unclaimed.ts";
import { followUp } from "./follow-up.ts";
import { holdLimits } from "./hold-limits.ts";
import { hasLeftovers, letGo, letGoHeld } from "./leave-limit.ts";
import { findSlot } from "./reign.ts";
import { slotRun } from "./slot-run.ts";
import { watchOf } from "./watch.ts";
import { holdOf } from "./worker-liveness.ts";
import { carry } from "./workflow/carry.ts";
import { tellMirror } from "./workflow/tell-mirror.ts";

/** What a message came to. */
export type Claim =
  /** The attempt is this worker's: execute it. Keep the message until it has been finished. */
  | { readonly kind: "claimed"; readonly run: RunningRun; readonly rev: number; readonly job: CompiledJob }
  /** There is nothing to do for this message, now or later: delete it. */
  | { readonly kind: "done" }
  /** Not now: hide the message for so long. */
  | { readonly kind: "later"; readonly inMs: number };

const DONE: Claim = { kind: "done" };
const MAX_ROUNDS = 10;
/** Deliveries after which a message for a run that is held by a living worker is taken for a duplicate. */
export const PATIENT_RECEIVES = 3;
const HOLDER_CHECK_MS = 2_000;

/**
 * Takes the next attempt of the run that a message names. The job is read consistently at or after the instant that the
 * run is due, so what was paused, changed or deleted before it is seen; then one conditional write of the run decides
 * between all who try. Nothing in the message is trusted but the name of the run.
 *
 * @param receives - how often the message has been delivered
 */
export async function claimRun(core: Core, message: RunMessage, worker: WorkerRef, receives: number): Promise<Claim> {
  const nowMs = core.clock.nowMs();
  if (nowMs < message.dueAtMs) return { kind: "later", inMs: message.dueAtMs - nowMs };
  const found = await core.jobs.find(message.namespace, message.job);
  if (found === undefined) return DONE;
  const isHeard = found.isHeard && stepOf(message.stamp) === undefined;
  const claiming: Claiming = { current: found.compiled, isHeard, worker, receives, round: 0 };
  if (message.version !== undefined && isSlotStamp(message.stamp)) return claimSlot(core, { ...claiming, message });
  const stored = await core.runs.find(messageKey(message));
  return stored === undefined ? DONE : claimStored(core, { ...claiming, stored });
}

interface Claiming {
  readonly current: CompiledJob;
  /** Others want to be told of the end of the job's runs. */
  readonly isHeard: boolean;
  readonly worker: WorkerRef;
  readonly receives: number;
  /** Lost races so far. */
  readonly round: number;
}

/** A slot's run, most likely without a record as yet. */
async function claimSlot(core: Core, claiming: Claiming & { message: RunMessage }): Promise<Claim> {
  const { current, message, worker } = claiming;
  const found = await findSlot(core, current, stampAtMs(message.stamp));
  if (found === undefined) return forsake(core, message);
  const { job, slot } = found;
  // Any instant may be a slot of a chain: only those that its own version rang for are.
  const isChain = job.schedule.kind === "afterEnd";
  if (isChain && job.version.version !== message.version) return forsake(core, message);
  // A version that moved the job to another pool rings there. What an earlier claim may have left in limits stays: it
  // can't be told from what the run's claim in that pool, which may be under way, relies upon.
  if (job.pool !== worker.pool) return DONE;
  if (isChain && !(await isNextLink(core, job, slot.atMs)) && (await core.runs.find(messageKey(message))) === undefined)
    return DONE;
  const nowMs = core.clock.nowMs();
  if (nowMs < slot.dueAtMs) return { kind: "later", inMs: slot.dueAtMs - nowMs };
  const run = slotRun(job, slot, nowMs);
  const end = endOfSlot(slot, { job, current, nowMs, misfireAfterMs: core.knobs.misfireAfterMs });
  if (end === undefined && current.version.state === "active")
    return begin(core, { run, expect: "absent", job, worker, claiming });
  // One that can't start any more, or not yet, may have started before: its record tells.
  const stored = await core.runs.find(run);
  if (stored !== undefined) return claimStored(core, { ...claiming, stored });
  // Held by a pause, it is found again by the walk of its version.
  if (end === undefined) await letGoUnrecorded(core, run, job);
  else await closeSlot(core, slot, { job, end });
  return DONE;
}

/**
 * A claim that died may have taken the limits of a run that has no record. It gets one and a watch before they are let go:
 * a claim that is still alive then finds that it was too slow.
 */
async function letGoUnrecorded(core: Core, run: QueuedRun, job: CompiledJob): Promise<void> {
  if (!(await hasLeftovers(core, { run, before: 1 }, job))) return;
  const nowMs = core.clock.nowMs();
  await core.due.arm(watchOf(run, nowMs + core.knobs.settleAfterMs, nowMs));
  const written = await core.runs.put(run, "absent");
  if (written.ok) await letGo(core, { run, before: written.rev }, { job });
}

/**
 * Done with a message whose slot is none any more. A claim that died under the version that rang may have taken the
 * limits of its run and left no record that would tell.
 */
async function forsake(core: Core, { namespace, job: name, stamp, version = 0, dueAtMs }: RunMessage): Promise<Claim> {
  const rung = await core.jobs.findVersion(namespace, name, version);
  const isRecorded = (await core.runs.find({ namespace, job: name, stamp })) !== undefined;
  if (rung !== undefined && !isRecorded) {
    const run = slotRun(rung, { atMs: stampAtMs(stamp), dueAtMs }, core.clock.nowMs());
    await letGo(core, { run, before: 1 }, { job: rung });
  }
  return DONE;
}

/** A run with a record: requested, retried, waiting in line, or in the hands of some worker. */
async function claimStored(core: Core, claiming: Claiming & { stored: StoredRun }): Promise<Claim> {
  const { stored, current, worker, receives } = claiming;
  const { run } = stored;
  if (isEnded(run)) {
    // Whoever ended it may have died before what follows from it.
    await followUp(core, stored);
    return DONE;
  }
  const nowMs = core.clock.nowMs();
  const job = await core.jobs.ofRun(run);
  if (job === undefined) return DONE;
  if (isCarried(run)) {
    await carry(core, { run, rev: stored.rev });
    return DONE;
  }
  if (run.status === "running") {
    const hold = await holdOf(core, run);
    if (hold !== "gone") {
      if (receives <= PATIENT_RECEIVES) return { kind: "later", inMs: HOLDER_CHECK_MS };
      // Each look may have been another worker's, and a claim that is not known to its holder comes out in two of the same.
      if (hold === "untold") await core.due.arm(watchOf(run, nowMs + core.knobs.settleAfterMs, nowMs));
      return DONE;
    }
    const lost = await endLost(core, stored);
    return lost === undefined ? DONE : claimStored(core, { ...claiming, stored: lost });
  }
  const bar = await barOf(core, run, { job, current });
  if (bar?.kind === "end") {
    await endUnclaimed(core, stored, bar.end);
    return DONE;
  }
  if (bar?.kind === "hold") {
    await letGoHeld(core, stored, job);
    return DONE;
  }
  const dueAtMs = run.status === "retrying" ? run.retryAtMs : run.dueAtMs;
  if (nowMs < dueAtMs) {
    // What follows from the last attempt may be missing, or have been undone by a claim that found this record.
    if (run.status === "retrying" && (receives > 1 || claiming.round > 0)) await followUp(core, stored);
    return { kind: "later", inMs: dueAtMs - nowMs };
  }
  if (await expireRun(core, stored)) return DONE;
  return begin(core, { run, expect: stored.rev, job, worker, claiming });
}

interface Attempt {
  readonly run: QueuedRun | RetryingRun;
  readonly expect: Expectation;
  readonly job: CompiledJob;
  readonly worker: WorkerRef;
  readonly claiming: Claiming;
}

/** Takes the limits, then the attempt. */
async function begin(core: Core, attempt: Attempt): Promise<Claim> {
  const { run, expect, job, worker, claiming } = attempt;
  let hold;
  try {
    const stand = run.status === "queued" && run.waitingFor !== undefined;
    hold = await holdLimits(core, run, job, { stand, basis: typeof expect === "number" ? expect : 0 });
  } catch (error) {
    if (!(error instanceof MacroError)) throw error;
    const { code: name, message } = error;
    return skip(core, { ...attempt, ending: { reason: "parameters", error: { name, message } } });
  }
  if (hold.kind === "skip") return skip(core, { ...attempt, ending: { reason: "overlap" } });
  if (hold.kind === "wait") return standInLine(core, { ...attempt, key: hold.key });

  const begun = {
    ...withoutTransient(run),
    status: "running",
    // Never one that a claim undone by a loss of power has used.
    epoch: Math.max(run.epoch + 1, Math.floor(core.clock.nowMs())),
    attempt: run.attempt + 1,
    startedAtMs: core.clock.nowMs(),
    ...(claiming.isHeard && { isHeard: true }),
    ...(job.work.kind === "workflow" && core.executions !== undefined && { isMirrored: true }),
    ...(hold.keys.length === 0 ? {} : { limits: hold.keys }),
  } as const;
  if (job.work.kind !== "task") return beginCarried(core, begun, attempt);
  const running: RunningRun = { ...begun, worker };
  // Lazy: should power fail, this worker is gone too, and the run is claimed anew.
  const written = await core.runs.put(running, expect, { lazy: true });
  if (written.ok) return { kind: "claimed", run: running, rev: written.rev, job };
  return again(core, written.current, claiming);
}

/** From here on the engine carries the run; the message is needed no more, as the run is watched. */
async function beginCarried(core: Core, begun: CarriedRun, { expect, job, claiming }: Attempt): Promise<Claim> {
  const { runMs } = job.timeouts;
  const run = Number.isFinite(runMs) ? { ...begun, wakeAtMs: begun.startedAtMs + runMs } : begun;
  if (run.wakeAtMs !== undefined) {
    const { startedAtMs: nowMs } = begun;
    const watch = watchOf(run, Math.max(nowMs, run.wakeAtMs - core.knobs.leadMs), nowMs);
    await core.due.arm({ ...watch, rungThroughMs: nowMs });
  }
  await tellMirror(core, [run]);
  const written = await core.runs.put(run, expect);
  if (!written.ok) return again(core, written.current, claiming);
  await carry(core, { run, rev: written.rev });
  return DONE;
}

/** Puts down that the run will not happen. */
async function skip(
  core: Core,
  { run, expect, claiming, ending }: Attempt & { ending: Pick<Ending, "reason" | "error"> },
): Promise<Claim> {
  const skipped = endedFrom(run, { ...ending, status: "skipped", endedAtMs: core.clock.nowMs() });
  const written = await core.runs.put(skipped, expect);
  if (!written.ok) return again(core, written.current, claiming);
  await followUp(core, { run: skipped, rev: written.rev });
  return DONE;
}

/**
 * Gives the run a record that says what it waits for, and a watch; then a place in the line. What earlier claims have left
 * in limits that come later in the order, such as one that died while it let go of them, is let go of: a run that held it
 * while it waits here could wait in a circle.
 */
async function standInLine(core: Core, attempt: Attempt & { key: string }): Promise<Claim> {
  const { run, expect, job, claiming, key } = attempt;
  const nowMs = core.clock.nowMs();
  if (run.status === "queued" && run.waitingFor === key && typeof expect === "number") {
    await letGo(core, { run, before: expect }, { job, after: key });
    return DONE;
  }
  const waiting: QueuedRun = { ...withoutTransient(run), status: "queued", waitingFor: key };
  await core.due.arm(watchOf(run, nowMs + core.knobs.settleAfterMs, nowMs));
  const written = await core.runs.put(waiting, expect);
  if (!written.ok) return again(core, written.current, claiming);
  return begin(core, { ...attempt, run: waiting, expect: written.rev });
}

async function again(core: Core, current: StoredRun | undefined, claiming: Claiming): Promise<Claim> {
  if (current === undefined || claiming.round >= MAX_ROUNDS) return { kind: "later", inMs: HOLDER_CHECK_MS };
  return claimStored(core, { ...claiming, stored: current, round: claiming.round + 1 });
}
