import type { Clock } from "../../core/ports/clock.ts";
import type { TokenRecord, TokenStore } from "../../core/store/token-store.ts";
import { problem, ProblemError } from "../contract/problem.ts";
import type { Principal } from "./principal.ts";
import { hasHash } from "./secret.ts";
import { MAX_TOKEN_CACHE_MS } from "./settings.ts";
import { parseToken } from "./token-text.ts";

const MAX_CACHED = 10_000;
/** What the secret of an unknown token is compared with, so that it takes as long as a wrong one. */
const NO_HASH = "0".repeat(64);

/** Finds out whose token a request carries. Tokens that were found are remembered for a few seconds. */
export class Authenticator {
  readonly #tokens: TokenStore;
  readonly #clock: Clock;
  readonly #cacheMs: number;
  readonly #cache = new Map<string, { readonly token: TokenRecord; readonly readAtMs: number }>();

  constructor(
    tokens: TokenStore,
    clock: Clock,
    { cacheMs = MAX_TOKEN_CACHE_MS }: { cacheMs?: number | undefined } = {},
  ) {
    this.#tokens = tokens;
    this.#clock = clock;
    this.#cacheMs = Math.min(cacheMs, MAX_TOKEN_CACHE_MS);
  }

  /**
   * @param header - the `Authorization` header
   * @throws {ProblemError} `unauthenticated` without a bearer token, `token-invalid` without saying which part was wrong
   */
  async authenticate(header: string | null): Promise<Principal> {
    const text = /^Bearer +(\S+)$/i.exec(header ?? "")?.[1];
    if (text === undefined) {
      const detail = "The request must have one Authorization header with a bearer token";
      throw new ProblemError(problem("unauthenticated", detail), { headers: { "WWW-Authenticate": "Bearer" } });
    }
    const parts = parseToken(text);
    const token = parts === undefined ? undefined : await this.#find(parts.id);
    const isRight = hasHash(parts?.secret ?? "", token?.hash ?? NO_HASH);
    if (token === undefined || !isRight || (token.expiresAtMs ?? Infinity) <= this.#clock.nowMs()) throw invalid();
    const { hash: _, ...principal } = token;
    return principal;
  }

  /** Makes this process forget a token at once. */
  forget(id: string): void {
    this.#cache.delete(id);
  }

  async #find(id: string): Promise<TokenRecord | undefined> {
    const nowMs = this.#clock.monotonicMs();
    const cached = this.#cache.get(id);
    if (cached !== undefined && nowMs - cached.readAtMs < this.#cacheMs) return cached.token;
    const token = await this.#tokens.find(id);
    this.#cache.delete(id);
    if (token === undefined) return undefined;
    if (this.#cache.size >= MAX_CACHED) this.#cache.clear();
    this.#cache.set(id, { token, readAtMs: nowMs });
    return token;
  }
}

function invalid(): ProblemError {
  return new ProblemError(problem("token-invalid", "The token is not valid"), {
    headers: { "WWW-Authenticate": 'Bearer error="invalid_token"' },
  });
}
