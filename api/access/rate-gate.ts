import type { Clock } from "../../core/ports/clock.ts";
import { problem, ProblemError } from "../contract/problem.ts";
import { type RateDecision, RateLimiter } from "./rate-limiter.ts";
import { type AccessSettings, DEFAULT_RATE_LIMITS, type RateLimits, type RatePolicy } from "./settings.ts";

const UNLIMITED: RateDecision = { isAllowed: true, remaining: Infinity, retryAfterMs: 0 };

/** Keeps requests within the rates of their token, their namespace, and of refused credentials from their address. */
export class RateGate {
  readonly #limits: RateLimits | undefined;
  readonly #limiter: RateLimiter;

  constructor(clock: Clock, { rateLimits = DEFAULT_RATE_LIMITS }: AccessSettings) {
    this.#limits = rateLimits === false ? undefined : rateLimits;
    this.#limiter = new RateLimiter(clock);
  }

  /** @throws {ProblemError} `rate-limited` */
  admitToken(tokenId: string): RateDecision {
    return this.#admit(`token ${tokenId}`, this.#limits?.perToken, "this token");
  }

  /** @throws {ProblemError} `rate-limited` */
  admitNamespace(namespace: string): void {
    this.#admit(`namespace ${namespace}`, this.#limits?.perNamespace, `namespace "${namespace}"`);
  }

  /**
   * Counts the refusals of `authenticate`; when one address has had too many, tells that instead of whether the next
   * guess was right or wrong.
   */
  async watchRefusals<T>(address: string | undefined, authenticate: () => Promise<T>): Promise<T> {
    try {
      return await authenticate();
    } catch (error) {
      if (error instanceof ProblemError && error.problem.status === 401 && address !== undefined) {
        this.#admit(`address ${address}`, this.#limits?.perAddressRefused, "this address without a valid token");
      }
      throw error;
    }
  }

  #admit(key: string, policy: RatePolicy | undefined, whose: string): RateDecision {
    if (policy === undefined) return UNLIMITED;
    const decision = this.#limiter.take(key, policy);
    if (decision.isAllowed) return decision;
    const { perSecond, burst } = policy;
    const detail = `Requests of ${whose} are limited to ${perSecond} a second, ${burst} at once`;
    throw new ProblemError(problem("rate-limited", detail), { headers: rateHeaders(decision) });
  }
}

/**
 * `RateLimit`, and `Retry-After` when nothing is left.
 *
 * @see https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/
 */
export function rateHeaders({ isAllowed, remaining, retryAfterMs }: RateDecision): Record<string, string> {
  const seconds = Math.max(1, Math.ceil(retryAfterMs / 1_000));
  if (!isAllowed) return { "Retry-After": String(seconds), RateLimit: `"default";r=0;t=${seconds}` };
  return Number.isFinite(remaining) ? { RateLimit: `"default";r=${remaining}` } : {};
}
