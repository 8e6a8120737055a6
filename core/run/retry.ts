/** How often and when a failed run is tried again. */
export interface RetryPolicy {
  /** Attempts in all, 1 to 20. */
  readonly maxAttempts: number;
  readonly initialMs: number;
  readonly maxMs: number;
  readonly factor: number;
  readonly jitter: "full" | "none";
  readonly nonRetryableExitCodes: ReadonlySet<number>;
  readonly nonRetryableErrors: ReadonlySet<string>;
}

/**
 * The delay before the next attempt: `initialMs * factor^(charged - 1)`, at most `maxMs`, then a uniform draw below it
 * when the policy asks for full jitter.
 *
 * @param charged - attempts that have failed so far, from 1
 * @param draw - uniform in [0, 1)
 * @see https://aws.amazon.com/builders-library/timeouts-retries-and-backoff-with-jitter/
 */
export function retryDelayMs(charged: number, policy: RetryPolicy, draw: number): number {
  if (charged < 1) throw new RangeError(`Cannot compute a retry delay: charged must be at least 1, got ${charged}`);
  const delayMs = Math.min(policy.maxMs, policy.initialMs * policy.factor ** (charged - 1));
  return Math.round(policy.jitter === "full" ? delayMs * draw : delayMs);
}
