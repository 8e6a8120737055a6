import { ConnectionError, readApiError, type SentRequest } from "./api-error.ts";
import { faultOf } from "./connection-fault.ts";
import { delay } from "./delay.ts";
import type { FetchLike } from "./fetch-like.ts";
import { DEFAULT_RETRY, retryDelayMs, type RetryPolicy } from "./retry.ts";
import { type Query, withQuery } from "./route.ts";

export interface TransportOptions {
  /** Where the server is, such as `http://127.0.0.1:4680`; a path in it is kept in front of every route. */
  readonly url: string;
  /** Sent as a bearer token. Without one the server answers little more than `/healthz`. */
  readonly token?: string | undefined;
  readonly fetch?: FetchLike;
  /** Longest wait for an answer, for each attempt. Default 30,000. */
  readonly timeoutMs?: number;
  readonly retry?: Partial<RetryPolicy>;
  /** Waits between attempts. Default: the timer of the platform. */
  readonly sleep?: (ms: number, signal?: AbortSignal) => Promise<void>;
  /** Sent as `User-Agent`. */
  readonly userAgent?: string;
}

export interface RequestOptions {
  readonly query?: Query;
  /** Sent as JSON. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
  /** Sending the request twice does no more than sending it once. Default: true for GET. */
  readonly isSafe?: boolean;
}

/** Sends requests: authorised, bounded in time, and again where that is safe. */
export class Transport {
  readonly #base: string;
  readonly #fetch: FetchLike;
  readonly #timeoutMs: number;
  readonly #retry: RetryPolicy;
  readonly #headers: Readonly<Record<string, string>>;
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>;

  /** @throws {TypeError} when `url` is not an address over HTTP(S) */
  constructor({
    url,
    token,
    fetch = globalThis.fetch,
    timeoutMs = 30_000,
    retry,
    sleep = delay,
    userAgent,
  }: TransportOptions) {
    this.#base = baseOf(url);
    this.#fetch = fetch;
    this.#timeoutMs = timeoutMs;
    this.#retry = { ...DEFAULT_RETRY, ...retry };
    this.#headers = {
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...(userAgent !== undefined && { "user-agent": userAgent }),
    };
    this.sleep = sleep;
  }

  /**
   * The body of a successful answer; `undefined` for one without a body.
   *
   * @throws {ApiError | ConnectionError} once no further attempt is made
   */
  async json<T>(method: string, path: string, options: RequestOptions = {}): Promise<T> {
    return this.#repeatedly(method, options, async () => {
      const timer = AbortSignal.timeout(this.#timeoutMs);
      const { response, request } = await this.#send(method, path, options, timer);
      const text = await this.#guard(request, timer, options.signal, () => response.text());
      return parseBody(text, request) as T;
    });
  }

  /** A successful response whose body is still to come. Only the wait for its head is bounded in time. */
  async stream(path: string, options: RequestOptions = {}): Promise<Response> {
    return this.#repeatedly("GET", options, async () => {
      const head = new AbortController();
      const timer = setTimeout(() => head.abort(new DOMException("No answer", "TimeoutError")), this.#timeoutMs);
      try {
        return (await this.#send("GET", path, options, head.signal)).response;
      } finally {
        clearTimeout(timer);
      }
    });
  }

  async #repeatedly<T>(method: string, options: RequestOptions, send: () => Promise<T>): Promise<T> {
    const { isSafe = method === "GET", signal } = options;
    for (let attempt = 1; ; attempt++) {
      try {
        return await send();
      } catch (error) {
        const delayMs = retryDelayMs(error, { attempt, isSafe, random: Math.random() }, this.#retry);
        if (delayMs === undefined) throw error;
        await this.sleep(delayMs, signal);
      }
    }
  }

  async #send(
    method: string,
    path: string,
    { query, body, headers, signal }: RequestOptions,
    timer: AbortSignal,
  ): Promise<{ readonly response: Response; readonly request: SentRequest }> {
    const target = withQuery(path, query);
    const request: SentRequest = { method, path: target, ...(body !== undefined && { body }) };
    const init = {
      method,
      headers: {
        accept: "application/json",
        ...this.#headers,
        ...(body !== undefined && { "content-type": "application/json" }),
        ...headers,
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      signal: signal === undefined ? timer : AbortSignal.any([timer, signal]),
      redirect: "manual" as const,
    };
    const response = await this.#guard(request, timer, signal, async () => this.#fetch(this.#base + target, init));
    if (response.ok) return { response, request };
    throw await this.#guard(request, timer, signal, () => readApiError(response, request));
  }

  /** Tells apart why no answer came: the caller's own wish, time, or the connection. */
  async #guard<T>(
    request: SentRequest,
    timer: AbortSignal,
    signal: AbortSignal | undefined,
    work: () => Promise<T>,
  ): Promise<T> {
    try {
      return await work();
    } catch (cause) {
      if (signal?.aborted === true) throw signal.reason;
      if (timer.aborted) {
        const message = `Cannot ${request.method} ${request.path}: no answer from ${this.#base} within ${this.#timeoutMs} ms`;
        throw new ConnectionError(message, { reason: "timeout", request, cause });
      }
      const message = `Cannot reach ${this.#base}: ${faultOf(cause)}`;
      throw new ConnectionError(message, { reason: "unreachable", request, cause });
    }
  }
}

function baseOf(url: string): string {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed === undefined || !/^https?:$/.test(parsed.protocol) || parsed.username !== "" || parsed.search !== "") {
    throw new TypeError(
      `Cannot use ${JSON.stringify(url)} as the server's address: it must be such as "http://127.0.0.1:4680"`,
    );
  }
  return parsed.origin + parsed.pathname.replace(/\/$/, "");
}

function parseBody(text: string, request: SentRequest): unknown {
  try {
    return text === "" ? undefined : JSON.parse(text);
  } catch (cause) {
    const message = `Cannot ${request.method} ${request.path}: the answer is not JSON; is a Carillon server at this address?`;
    throw new ConnectionError(message, { reason: "malformed", request, cause });
  }
}
