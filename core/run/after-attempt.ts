import type { CompiledJob } from "../job/compile.ts";
import type { AttemptError, AttemptResult } from "./attempt-result.ts";
import { retryDelayMs } from "./retry.ts";
import {
  type AttemptRecord,
  endedFrom,
  MAX_ATTEMPTS_KEPT,
  type Run,
  type RunError,
  type RunningRun,
  unreachable,
  withoutTransient,
} from "./run.ts";

export interface AfterAttemptContext {
  readonly job: CompiledJob;
  readonly nowMs: number;
  /** Uniform in [0, 1). */
  readonly draw: number;
}

/** Decides what becomes of a running run when its attempt has ended. */
export function afterAttempt(run: RunningRun, result: AttemptResult, context: AfterAttemptContext): Run {
  switch (result.kind) {
    case "succeeded": {
      const ended = withRecord(run, context, { outcome: "succeeded", ...exitCodeOf(result) });
      return endedFrom(ended, {
        status: "succeeded",
        endedAtMs: context.nowMs,
        ...(result.result === undefined ? {} : { result: result.result }),
      });
    }
    case "failed":
      return afterFailure(run, result, context);
    case "stopped":
      return afterStop(run, result, context);
    default:
      return unreachable(result);
  }
}

function afterFailure(
  run: RunningRun,
  result: Extract<AttemptResult, { kind: "failed" }>,
  context: AfterAttemptContext,
): Run {
  const error = errorOf(result.error);
  const failed = withRecord(run, context, { outcome: "failed", error, ...exitCodeOf(result) });
  if (run.cancel !== undefined) {
    const stop = { confirmed: true, evidence: "the attempt ended by itself before the stop" };
    return endedFrom(failed, { status: "cancelled", endedAtMs: context.nowMs, error, stop });
  }
  return retryOrEnd(failed, { status: "failed", error, isRetryable: isRetryable(result, context.job) }, context);
}

function afterStop(
  run: RunningRun,
  result: Extract<AttemptResult, { kind: "stopped" }>,
  context: AfterAttemptContext,
): Run {
  const { stop } = result;
  const endedAtMs = context.nowMs;
  switch (result.reason) {
    case "cancel":
      return endedFrom(withRecord(run, context, { outcome: "cancelled", ...exitCodeOf(result) }), {
        status: "cancelled",
        endedAtMs,
        stop,
      });
    case "timeout":
    case "heartbeatTimeout": {
      const error = timeoutError(result.reason, context.job);
      const timedOut = withRecord(run, context, { outcome: "timedOut", error, ...exitCodeOf(result) });
      if (run.cancel !== undefined) return endedFrom(timedOut, { status: "cancelled", endedAtMs, stop });
      // What may still be running must not meet its own next attempt.
      return retryOrEnd(timedOut, { status: "timedOut", error, isRetryable: stop.confirmed, stop }, context);
    }
    case "drain":
    case "fenced": {
      const drained = withRecord(run, context, { outcome: "drained" });
      if (run.cancel !== undefined) return endedFrom(drained, { status: "cancelled", endedAtMs, stop });
      return { ...withoutTransient(drained), status: "queued" };
    }
    default:
      return unreachable(result.reason);
  }
}

function retryOrEnd(
  run: RunningRun,
  end: {
    status: "failed" | "timedOut";
    error: RunError;
    isRetryable: boolean;
    stop?: { confirmed: boolean; evidence: string };
  },
  { job, nowMs, draw }: AfterAttemptContext,
): Run {
  const { status, error, isRetryable: mayRetry, stop } = end;
  const charged = run.charged + 1;
  if (mayRetry && charged < job.retry.maxAttempts) {
    const retryAtMs = nowMs + retryDelayMs(charged, job.retry, draw);
    return { ...withoutTransient(run), charged, status: "retrying", retryAtMs };
  }
  return endedFrom({ ...run, charged }, { status, endedAtMs: nowMs, error, ...(stop === undefined ? {} : { stop }) });
}

function isRetryable({ error, exitCode }: { error: AttemptError; exitCode?: number }, { retry }: CompiledJob): boolean {
  if (error.retryable === false) return false;
  if (exitCode !== undefined && retry.nonRetryableExitCodes.has(exitCode)) return false;
  return !retry.nonRetryableErrors.has(error.name);
}

function withRecord(
  run: RunningRun,
  { nowMs }: AfterAttemptContext,
  record: Pick<AttemptRecord, "outcome"> & Partial<Pick<AttemptRecord, "exitCode" | "error">>,
): RunningRun {
  const { attempt, epoch, worker, startedAtMs } = run;
  const attempts = [...run.attempts, { attempt, epoch, worker: worker.id, startedAtMs, endedAtMs: nowMs, ...record }];
  return { ...run, attempts: attempts.slice(-MAX_ATTEMPTS_KEPT) };
}

function timeoutError(reason: "timeout" | "heartbeatTimeout", { timeouts }: CompiledJob): RunError {
  return reason === "timeout"
    ? { name: "TIMEOUT", message: `ran longer than ${timeouts.runMs} ms` }
    : { name: "HEARTBEAT_TIMEOUT", message: `silent for longer than ${timeouts.heartbeatMs ?? 0} ms` };
}

function errorOf({ name, message }: AttemptError): RunError {
  return { name, message };
}

function exitCodeOf({ exitCode }: { exitCode?: number }): { exitCode?: number } {
  return exitCode === undefined ? {} : { exitCode };
}
