/** The part of `fetch` that the client uses, so that a program may bring its own. */
export type FetchLike = (url: string, init: FetchInit) => Promise<Response> | Response;

export interface FetchInit {
  readonly method: string;
  readonly headers: Record<string, string>;
  readonly body?: string;
  readonly signal: AbortSignal;
  /** Redirects are answers like others: a token must not travel to where they point. */
  readonly redirect: "manual";
}
