import type { Outcome, StopOutcome, StopReason, TaskError } from "./executor.ts";

/** Ends an attempt with a named error; thrown inside an executor, turned into an outcome at its edge. */
export class Failure extends Error {
  readonly retryable: boolean | undefined;

  /** @param options.retryable - `false` when trying again cannot help */
  constructor(name: string, message: string, options: { readonly retryable?: boolean; readonly cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.name = name;
    this.retryable = options.retryable;
  }
}

/** @throws what is no `Failure`: a bug of the executor, not an outcome of the job */
export function failed(error: unknown): Outcome {
  if (!(error instanceof Failure)) throw error;
  return { ok: false, error: taskError(error.name, error.message, error.retryable) };
}

export function taskError(name: string, message: string, retryable?: boolean): TaskError {
  return retryable === undefined ? { name, message } : { name, message, retryable };
}

const STOPPED: Readonly<Record<StopReason["kind"], { readonly name: string; readonly message: string }>> = {
  cancel: { name: "CANCELLED", message: "Stopped: the run was cancelled" },
  timeout: { name: "TIMEOUT", message: "Stopped: the attempt took longer than its timeout" },
  heartbeatTimeout: {
    name: "HEARTBEAT_TIMEOUT",
    message: "Stopped: the job was silent for longer than its heartbeat timeout",
  },
  fenced: { name: "FENCED", message: "Stopped: the worker no longer holds the claim" },
  drain: { name: "DRAINED", message: "Stopped: the worker is shutting down" },
};

/** The outcome of an attempt that was stopped, whatever it returned in the end. */
export function stopped(stop: StopOutcome, exitCode?: number | null): Outcome {
  const outcome = { ok: false, error: STOPPED[stop.reason], stop } as const;
  return typeof exitCode === "number" ? { ...outcome, exitCode } : outcome;
}

/** The outcome of an attempt whose stop was asked for before it began. */
export function neverStarted(signal: AbortSignal): Outcome {
  return stopped({ reason: stopReason(signal).kind, confirmed: true, evidence: "Nothing was started" });
}

/** Why `signal` was aborted. An abort for no reason that we know is a cancel without grace. */
export function stopReason(signal: AbortSignal): StopReason {
  const reason: unknown = signal.reason;
  return isStopReason(reason) ? reason : { kind: "cancel", graceMs: 0 };
}

function isStopReason(reason: unknown): reason is StopReason {
  if (typeof reason !== "object" || reason === null) return false;
  const { kind, graceMs } = reason as Partial<StopReason>;
  return typeof kind === "string" && Object.hasOwn(STOPPED, kind) && typeof graceMs === "number";
}
