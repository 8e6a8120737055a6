import type { Priority } from "../job/priority.ts";
import type { Json, JsonObject } from "../json.ts";
import type { RunKey } from "./run-id.ts";

/**
 * A run: one execution of a job, and at the same time its row in the ledger.
 *
 * ```
 * queued ──claim──▶ running ──▶ succeeded │ failed │ timedOut │ cancelled
 *   │  ▲              │
 *   │  └──── retrying ◀┘ (attempt failed, worker lost or drained)
 *   └─────▶ cancelled │ expired │ skipped
 * ```
 *
 * Invariants: `epoch` rises with every claim and is never reused; the five final states never change; a write that ends
 * an attempt expects the revision that its claim wrote or, after reading again, the same epoch.
 */
export type Run = QueuedRun | RunningRun | RetryingRun | EndedRun;

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
  readonly reason?: SkipReason;
  /** For a run that was stopped: whether nothing of it is left, and how that is known. */
  readonly stop?: { readonly confirmed: boolean; readonly evidence: string };
  readonly limits?: readonly string[];
}

export const ENDED_STATUSES = ["succeeded", "failed", "timedOut", "cancelled", "expired", "skipped"] as const;
export type EndedStatus = (typeof ENDED_STATUSES)[number];
export type RunStatus = Run["status"];

export type RunCause = "slot" | "manual" | "backfill" | "rerun" | "event";

/** Why a slot has no execution. */
export type SkipReason = "overlap" | "paused" | "calendar" | "misfire" | "deleted" | "parameters";

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
}

export interface RunOrigin {
  readonly backfill?: string;
  readonly backfillConcurrency?: number;
  readonly rerunOf?: string;
  readonly by?: string;
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

/** What an end adds to a run. */
export type Ending = Pick<EndedRun, "status" | "endedAtMs"> &
  Partial<Pick<EndedRun, "result" | "error" | "reason" | "stop">>;

/** The final form of a run. */
export function endedFrom(run: QueuedRun | RunningRun | RetryingRun, ending: Ending): EndedRun {
  const { status: _, ...rest } = run;
  return { ...withoutTransient(rest), ...ending };
}

/** Without the fields that only a state on the way has. */
export function withoutTransient<T extends object>(run: T): Omit<T, "worker" | "retryAtMs" | "waitingFor"> {
  const {
    worker: _w,
    retryAtMs: _r,
    waitingFor: _f,
    ...rest
  } = run as T & Record<"worker" | "retryAtMs" | "waitingFor", unknown>;
  return rest;
}

/** Fails to compile when a case was forgotten; throws should a value from outside get here. */
export function unreachable(value: never): never {
  throw new Error(`Cannot handle ${JSON.stringify(value)}: unknown case`);
}
