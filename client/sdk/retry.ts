import { ApiError, ConnectionError } from "./api-error.ts";

/** How often and how patiently a request is sent again. */
export interface RetryPolicy {
  /** Attempts in all, the first included. Default 4. */
  readonly maxAttempts: number;
  /** Delay before the second attempt; it doubles from there. Default 250. */
  readonly initialDelayMs: number;
  /** The longest delay; a server that asks for a longer one is not waited for. Default 15,000. */
  readonly maxDelayMs: number;
}

export const DEFAULT_RETRY: RetryPolicy = { maxAttempts: 4, initialDelayMs: 250, maxDelayMs: 15_000 };

export interface FailedAttempt {
  /** Number of the attempt that failed, from 1. */
  readonly attempt: number;
  /** Sending the request twice does no more than sending it once. */
  readonly isSafe: boolean;
  /** Uniform draw in [0, 1). */
  readonly random: number;
}

/**
 * Decides whether a request is sent again, and after how many milliseconds; `undefined` when it is not.
 *
 * A 429 of the server's own means that nothing happened, so it is waited out for every request. After a 503, which may
 * leave the outcome open, after silence, and after answers of something in between, only safe requests are sent again.
 */
export function retryDelayMs(error: unknown, failed: FailedAttempt, policy: RetryPolicy): number | undefined {
  if (failed.attempt >= policy.maxAttempts || !isRetried(error, failed.isSafe)) return undefined;
  const ceilingMs = Math.min(policy.maxDelayMs, policy.initialDelayMs * 2 ** (failed.attempt - 1));
  const backoffMs = Math.round(ceilingMs * (0.5 + failed.random / 2));
  const askedMs = error instanceof ApiError ? (error.retryAfterMs ?? 0) : 0;
  return askedMs > policy.maxDelayMs ? undefined : Math.max(askedMs, backoffMs);
}

function isRetried(error: unknown, isSafe: boolean): boolean {
  if (error instanceof ConnectionError) return isSafe && error.reason !== "malformed";
  if (!(error instanceof ApiError)) return false;
  if (error.code === "idempotency-in-progress") return isSafe;
  if (error.status === 429) return isSafe || error.isFromServer;
  return isSafe && error.status === 503;
}
