import type { Clock } from "../../core/ports/clock.ts";
import type { RatePolicy } from "./settings.ts";

/** What became of one request at a bucket. */
export interface RateDecision {
  readonly isAllowed: boolean;
  /** Requests left. */
  readonly remaining: number;
  /** Until one more is allowed; 0 when one is. */
  readonly retryAfterMs: number;
}

interface Bucket {
  level: number;
  atMs: number;
}

const MAX_BUCKETS = 20_000;

/** Token buckets by key, in the memory of this process: each of several servers allows the whole rate. */
export class RateLimiter {
  readonly #clock: Clock;
  readonly #buckets = new Map<string, Bucket>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  take(key: string, { perSecond, burst }: RatePolicy): RateDecision {
    const nowMs = this.#clock.monotonicMs();
    const bucket = this.#buckets.get(key) ?? { level: burst, atMs: nowMs };
    const level = Math.min(burst, bucket.level + ((nowMs - bucket.atMs) / 1_000) * perSecond);
    const isAllowed = level >= 1;
    this.#keep(key, { level: isAllowed ? level - 1 : level, atMs: nowMs });
    const left = isAllowed ? level - 1 : level;
    const retryAfterMs = left >= 1 ? 0 : ((1 - left) / perSecond) * 1_000;
    return { isAllowed, remaining: Math.floor(left), retryAfterMs };
  }

  /** The bucket that was used least lately goes first: it is the one most likely full. */
  #keep(key: string, bucket: Bucket): void {
    this.#buckets.delete(key);
    if (this.#buckets.size >= MAX_BUCKETS) {
      const oldest = this.#buckets.keys().next().value;
      if (oldest !== undefined) this.#buckets.delete(oldest);
    }
    this.#buckets.set(key, bucket);
  }
}
