import { ENGINE_POOL } from "../fleet/pool-size.ts";
import type { Priority } from "../job/priority.ts";
import type { Json, JsonObject } from "../json.ts";
import type { Bits } from "../workflow/bits.ts";
import type { StepSkipReason } from "../workflow/step-state.ts";
import type { RunEnd } from "./run-end.ts";
import { type RunKey, stepOf } from "./run-id.ts";

/**
 * A run: one execution of a job, and at the same time its row in the ledger; or a step of such an execution, see `stepOf`.
 *
 * ```
 * queued ──claim──▶ running ──▶ succeeded │ failed │ timedOut │ cancelled
 *   │  ▲              │
 *   │  └──── retrying ◀┘ (attempt failed, worker lost or drained)
 *   └─────▶ cancelled │ expired │ skipped ◀── running, of a step that waits and that people leave out
 * ```
 *
 * Invariants: `epoch` rises with every claim and is never reused; the five final states never change; a write that ends
 * an attempt expects the revision that its claim wrote or, after reading again, the same epoch.
 */
export type Run = QueuedRun | RunningRun | CarriedRun | RetryingRun | EndedRun;

interface RunBase extends RunKey {
  /** Version of the job that governs the run. */
  readonly version: number;
  readonly cause: RunCause;
  /** The nominal instant: of the slot, or of the request. */
  readonly slotAtMs: number;
  /** No attempt starts before this instant. */
  readonly dueAtMs: number;
  readonly createdAtMs: number;
  readonly pool: string;
  readonly priority: Priority;
  /** Parameters given with the request; they override the job's. */
  readonly parameters?: JsonObject;
  /** Higher for every claim, and never below the instant of the claim in epoch milliseconds; 0 before the first. */
  readonly epoch: number;
  /** Attempts begun so far. */
  readonly attempt: number;
  /** Attempts that count against `retry.maxAttempts`: neither drained nor lost with their worker. */
  readonly charged: number;
  /** Ended attempts, oldest first; the last `MAX_ATTEMPTS_KEPT`. */
  readonly attempts: readonly AttemptRecord[];
  readonly cancel?: CancelRequest;
  readonly progress?: Json;
  /** Why and for whom it was made: backfill id, run that was re-run, requester. */
  readonly origin?: RunOrigin;
  /** Others are to be told of its end. */
  readonly isHeard?: boolean;
  /** Of a workflow, and of its steps: an execution shows how it goes. */
  readonly isMirrored?: boolean;
  /** Of a step that runs another job: what names that run, which has the slot of this one. */
  readonly child?: { readonly job: string; readonly version: number; readonly suffix: string };
  /** Of a step that runs once for each item of a list. */
  readonly items?: ItemsProgress;
  /** Of a step that waits for the end of another job's run: slots in [fromMs, beforeMs). */
  readonly awaits?: { readonly job: string; readonly on: RunEnd; readonly fromMs: number; readonly beforeMs: number };
}

export interface QueuedRun extends RunBase {
  readonly status: "queued";
  /** The concurrency key that it waits for. */
  readonly waitingFor?: string;
}

export interface RunningRun extends RunBase {
  readonly status: "running";
  readonly worker: WorkerRef;
  readonly startedAtMs: number;
  /** Keys of the limits in which this run is a holder. */
  readonly limits?: readonly string[];
}

/**
 * One that is in no worker's hands, but carried by the engine itself until it ends: a workflow while its steps run, a step
 * that waits for an instant, for people, for its items or for the run of another job.
 */
export interface CarriedRun extends RunBase {
  readonly status: "running";
  readonly worker?: undefined;
  readonly startedAtMs: number;
  readonly limits?: readonly string[];
  /** When it changes by itself, epoch milliseconds: the end of a wait, the expiry of an approval, the deadline of a workflow. */
  readonly wakeAtMs?: number;
  /** Of a workflow that is paused: none of its steps begins. See `isPaused`. */
  readonly hold?: { readonly atMs: number; readonly by: string; readonly note?: string };
}

export interface RetryingRun extends RunBase {
  readonly status: "retrying";
  readonly retryAtMs: number;
  readonly limits?: readonly string[];
}

export interface EndedRun extends RunBase {
  readonly status: EndedStatus;
  readonly startedAtMs?: number;
  readonly endedAtMs: number;
  readonly result?: Json;
  readonly error?: RunError;
  /** For `skipped`: why. */
  readonly reason?: SkipReason | StepReason;
  /** Of a step that people have said the end of. */
  readonly mark?: { readonly atMs: number; readonly by: string; readonly note?: string };
  /** For a run that was stopped: whether nothing of it is left, and how that is known. */
  readonly stop?: { readonly confirmed: boolean; readonly evidence: string };
  readonly limits?: readonly string[];
}

export const ENDED_STATUSES = ["succeeded", "failed", "timedOut", "cancelled", "expired", "skipped"] as const;
export type EndedStatus = (typeof ENDED_STATUSES)[number];
export type RunStatus = Run["status"];

/** `workflow`: for a step of another job's run. */
export type RunCause = "slot" | "manual" | "backfill" | "rerun" | "event" | "step" | "workflow";

/** Why a slot has no execution. */
export type SkipReason = "overlap" | "paused" | "calendar" | "misfire" | "deleted" | "parameters";

/** Why a step of a workflow has none; `marked`: people have said so. */
export type StepReason = StepSkipReason | "blocked" | "marked";

/** Names one life of a worker process. */
export interface WorkerRef {
  readonly id: string;
  readonly pool: string;
}

export interface AttemptRecord {
  readonly attempt: number;
  readonly epoch: number;
  readonly worker: string;
  readonly startedAtMs: number;
  readonly endedAtMs: number;
  readonly outcome: "succeeded" | "failed" | "timedOut" | "cancelled" | "lost" | "drained";
  readonly exitCode?: number;
  readonly error?: RunError;
}

export interface RunError {
  readonly name: string;
  readonly message: string;
}

export interface CancelRequest {
  readonly atMs: number;
  readonly by: string;
  readonly note?: string;
  /** 0: kill at once. */
  readonly graceMs: number;
  /** The run has lasted too long: it ends as timed out. */
  readonly isTimeout?: boolean;
}

/** How far the items of a step have come. */
export interface ItemsProgress {
  readonly total: number;
  /** Items up to this one have a run, or are being given one. */
  readonly started: number;
  /** Which of them have ended. */
  readonly ended: Bits;
  readonly succeeded: number;
  readonly failed: number;
}

export interface RunOrigin {
  readonly backfill?: string;
  readonly backfillConcurrency?: number;
  readonly rerunOf?: string;
  /** Run of the same workflow whose steps it continues. */
  readonly redriveOf?: string;
  readonly by?: string;
  /** Run of another job that it follows. */
  readonly after?: string;
  /** Id of the step that it was made for. */
  readonly step?: string;
}

export const MAX_ATTEMPTS_KEPT = 20;

export function isEnded(run: Run): run is EndedRun {
  switch (run.status) {
    case "queued":
    case "running":
    case "retrying":
      return false;
    case "succeeded":
    case "failed":
    case "timedOut":
    case "cancelled":
    case "expired":
    case "skipped":
      return true;
    default:
      return unreachable(run);
  }
}

/** Whether a run is carried by the engine itself. */
export function isCarried(run: Run): run is CarriedRun {
  return run.status === "running" && run.worker === undefined;
}

/** Whether a workflow's run is paused. A stop goes before a pause: what runs also then must not wait for a resumption. */
export function isPaused({ hold, cancel }: CarriedRun): boolean {
  return hold !== undefined && cancel === undefined;
}

/** Whether it is made of other runs, which have to be stopped before it can end: steps, items, the run of another job. */
export function hasParts({ stamp, items, child }: CarriedRun): boolean {
  return stepOf(stamp) === undefined || items !== undefined || child !== undefined;
}

/** Whether it goes on when other runs end, its parts or those that it awaits; of which it may not be told. */
export function followsOthers(run: CarriedRun): boolean {
  return hasParts(run) || run.awaits !== undefined;
}

/** Whether a run is in the hands of a worker. */
export function isHeld(run: Run): run is RunningRun {
  return run.status === "running" && run.worker !== undefined;
}

/** Whether a run that has ended was carried by the engine until then. */
export function wasCarried({ attempts }: EndedRun): boolean {
  return attempts.at(-1)?.worker === ENGINE_POOL;
}

/** What an end adds to a run. */
export type Ending = Pick<EndedRun, "status" | "endedAtMs"> &
  Partial<Pick<EndedRun, "result" | "error" | "reason" | "stop">>;

/** The final form of a run. */
export function endedFrom(run: Exclude<Run, EndedRun>, ending: Ending): EndedRun {
  const { status: _, ...rest } = run;
  return { ...withoutTransient(rest), ...ending };
}

/** Without the fields that only a state on the way has. */
export function withoutTransient<T extends object>(run: T): Omit<T, Transient> {
  const {
    worker: _w,
    retryAtMs: _r,
    waitingFor: _f,
    wakeAtMs: _a,
    hold: _h,
    ...rest
  } = run as T & Record<Transient, unknown>;
  return rest;
}

type Transient = "worker" | "retryAtMs" | "waitingFor" | "wakeAtMs" | "hold";

/** Fails to compile when a case was forgotten; throws should a value from outside get here. */
export function unreachable(value: never): never {
  throw new Error(`Cannot handle ${JSON.stringify(value)}: unknown case`);
}
