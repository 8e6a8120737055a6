import { formatRunId, stepOf, type StepRef } from "../../core/run/run-id.ts";
import {
  type AttemptRecord,
  type CarriedRun,
  isCarried,
  type ItemsProgress,
  type Run as StoredRun,
} from "../../core/run/run.ts";
import { childKey } from "../../core/services/workflow/child-run.ts";
import { workflowOf } from "../../core/services/workflow/step-run.ts";
import type { Attempt, Run } from "../contract/run.ts";
import { iso } from "./iso.ts";

/** A run as the API shows it. Fences and limits are the engine's own and stay inside. */
export function presentRun(run: StoredRun): Run {
  const { namespace, job, version, status, cause, pool, priority, parameters, attempt, progress, cancel, origin } = run;
  return {
    id: formatRunId(run),
    namespace,
    job,
    version,
    status,
    cause,
    slotAt: iso(run.slotAtMs),
    dueAt: iso(run.dueAtMs),
    createdAt: iso(run.createdAtMs),
    pool,
    priority,
    ...(parameters === undefined ? {} : { parameters: { ...parameters } as Run["parameters"] }),
    attempt,
    attempts: run.attempts.map(presentAttempt),
    ...stateOf(run),
    ...(progress === undefined ? {} : { progress: progress as Run["progress"] }),
    ...(cancel === undefined ? {} : { cancel: presentCancel(cancel) }),
    ...(origin === undefined ? {} : { origin: presentOrigin(origin) }),
    ...partOf(run),
  };
}

/** What only workflows and their steps have. */
function partOf(run: StoredRun): Partial<Run> {
  const part = stepOf(run.stamp);
  const child = childKey(run);
  return {
    ...(part === undefined ? {} : { workflow: presentPart(run, part) }),
    ...(child === undefined ? {} : { child: formatRunId(child) }),
    ...(run.items === undefined ? {} : { items: presentItems(run.items) }),
    ...(run.awaits === undefined ? {} : { awaits: presentAwaits(run.awaits) }),
  };
}

function presentPart(run: StoredRun, part: StepRef): NonNullable<Run["workflow"]> {
  const { step, item } = part;
  return { run: formatRunId(workflowOf(run, part)), step, ...(item === undefined ? {} : { item }) };
}

function presentAwaits({ job, on, fromMs, beforeMs }: NonNullable<StoredRun["awaits"]>): NonNullable<Run["awaits"]> {
  return { job, on, from: iso(fromMs), before: iso(beforeMs) };
}

function presentItems({ total, started, succeeded, failed }: ItemsProgress): NonNullable<Run["items"]> {
  return { total, open: started - succeeded - failed, succeeded, failed };
}

/** What only some states have. */
function stateOf(run: StoredRun): Partial<Run> {
  switch (run.status) {
    case "queued":
      return run.waitingFor === undefined ? {} : { waitingFor: run.waitingFor };
    case "running":
      return isCarried(run) ? carriedState(run) : { worker: run.worker.id, startedAt: iso(run.startedAtMs) };
    case "retrying":
      return { retryAt: iso(run.retryAtMs) };
    case "succeeded":
    case "failed":
    case "timedOut":
    case "cancelled":
    case "expired":
    case "skipped": {
      const { startedAtMs, endedAtMs, result, error, reason, mark, stop } = run;
      return {
        ...(startedAtMs === undefined ? {} : { startedAt: iso(startedAtMs) }),
        endedAt: iso(endedAtMs),
        ...(result === undefined ? {} : { result: result as Run["result"] }),
        ...(error === undefined ? {} : { error }),
        ...(reason === undefined ? {} : { reason }),
        ...(mark === undefined ? {} : { mark: presentAct(mark) }),
        ...(stop === undefined ? {} : { stop }),
      };
    }
  }
}

function carriedState({ startedAtMs, wakeAtMs, hold }: CarriedRun): Partial<Run> {
  return {
    startedAt: iso(startedAtMs),
    ...(wakeAtMs === undefined ? {} : { wakeAt: iso(wakeAtMs) }),
    ...(hold === undefined ? {} : { paused: presentAct(hold) }),
  };
}

/** What somebody has done to a run. */
function presentAct({ atMs, by, note }: NonNullable<CarriedRun["hold"]>): NonNullable<Run["paused"]> {
  return { at: iso(atMs), by, ...(note === undefined ? {} : { note }) };
}

function presentAttempt(record: AttemptRecord): Attempt {
  const { attempt, worker, startedAtMs, endedAtMs, outcome, exitCode, error } = record;
  return {
    attempt,
    worker,
    startedAt: iso(startedAtMs),
    endedAt: iso(endedAtMs),
    outcome,
    ...(exitCode === undefined ? {} : { exitCode }),
    ...(error === undefined ? {} : { error }),
  };
}

function presentCancel(cancel: NonNullable<StoredRun["cancel"]>): NonNullable<Run["cancel"]> {
  return { ...presentAct(cancel), graceMs: cancel.graceMs };
}

function presentOrigin({
  backfill,
  rerunOf,
  redriveOf,
  after,
  step,
  by,
}: NonNullable<StoredRun["origin"]>): NonNullable<Run["origin"]> {
  return {
    ...(backfill === undefined ? {} : { backfill }),
    ...(rerunOf === undefined ? {} : { rerunOf }),
    ...(redriveOf === undefined ? {} : { redriveOf }),
    ...(after === undefined ? {} : { after }),
    ...(step === undefined ? {} : { step }),
    ...(by === undefined ? {} : { by }),
  };
}
