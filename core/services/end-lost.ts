import {
  type AttemptRecord,
  endedFrom,
  isHeld,
  MAX_ATTEMPTS_KEPT,
  type QueuedRun,
  type RunningRun,
  withoutTransient,
} from "../run/run.ts";
import type { StoredRun } from "../store/run-store.ts";
import type { Core } from "./core.ts";
import { followUp } from "./follow-up.ts";

/**
 * Takes a run out of the hands of a dead worker: back to the queue, uncharged; or to its end, when it was to be
 * cancelled or has been lost too often to be innocent.
 *
 * @returns the run as it waits for its next attempt; `undefined` when it has ended or another was faster
 */
export async function endLost(core: Core, { run, rev }: StoredRun): Promise<StoredRun | undefined> {
  if (!isHeld(run)) return undefined;
  const nowMs = core.clock.nowMs();
  const attempts = withAttempt(run, { ...attemptOf(run, nowMs), outcome: "lost", error: LOST });
  const lostTimes = attempts.filter((attempt) => attempt.outcome === "lost").length;
  core.metrics.count("attempts_lost");
  if (run.cancel !== undefined || lostTimes >= core.knobs.maxLost) {
    const stop = { confirmed: false, evidence: `worker "${run.worker.id}" was lost` };
    const ended =
      run.cancel === undefined
        ? endedFrom(
            { ...run, attempts },
            {
              status: "failed",
              endedAtMs: nowMs,
              error: { ...LOST, message: `lost with its worker ${lostTimes} times` },
            },
          )
        : endedFrom({ ...run, attempts }, { status: "cancelled", endedAtMs: nowMs, stop });
    const written = await core.runs.put(ended, rev);
    if (written.ok) await followUp(core, { run: ended, rev: written.rev });
    return undefined;
  }
  const queued: QueuedRun = { ...withoutTransient(run), status: "queued", attempts };
  const written = await core.runs.put(queued, rev);
  return written.ok ? { run: queued, rev: written.rev } : undefined;
}

const LOST = { name: "WORKER_LOST", message: "the worker died, fell silent or lost track of it" } as const;

/** The record of a run's present attempt, without its outcome. */
export function attemptOf(run: RunningRun, endedAtMs: number): Omit<AttemptRecord, "outcome"> {
  return { attempt: run.attempt, epoch: run.epoch, worker: run.worker.id, startedAtMs: run.startedAtMs, endedAtMs };
}

/** The run's attempts with one more; the oldest go when there are too many. */
export function withAttempt(run: RunningRun, record: AttemptRecord): readonly AttemptRecord[] {
  return [...run.attempts, record].slice(-MAX_ATTEMPTS_KEPT);
}
