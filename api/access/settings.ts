/** How much of the API is open, and how fast it may be used. */
export interface AccessSettings {
  /** Whether `/metrics` needs no token: for a listener that only the operator reaches. @default false */
  readonly openMetrics?: boolean;
  /** `false` turns the limits off. @default `DEFAULT_RATE_LIMITS` */
  readonly rateLimits?: RateLimits | false;
  /** How long a token that was looked up is trusted, so also how long a revoked one may live on. @default 5,000; at most that */
  readonly tokenCacheMs?: number;
}

export interface RateLimits {
  readonly perToken: RatePolicy;
  readonly perNamespace: RatePolicy;
  /** Refused credentials of one address. */
  readonly perAddressRefused: RatePolicy;
}

/** A token bucket: it holds `burst` requests and gains `perSecond` of them each second. */
export interface RatePolicy {
  readonly perSecond: number;
  readonly burst: number;
}

export const DEFAULT_RATE_LIMITS: RateLimits = {
  perToken: { perSecond: 200, burst: 1_000 },
  perNamespace: { perSecond: 500, burst: 2_000 },
  perAddressRefused: { perSecond: 1, burst: 50 },
};

export const MAX_TOKEN_CACHE_MS = 5_000;
