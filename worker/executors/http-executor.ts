import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import type { HttpDefinition } from "../../core/job/executor.ts";
import type { Executor, Outcome, Task, TaskIo } from "./executor.ts";
import { failed, Failure, neverStarted, stopped, stopReason, taskError } from "./failure.ts";
import { checkHeaders } from "../../adapters/http-rules/header-rules.ts";
import { harmlessHeaders, requestHeaders } from "./http-headers.ts";
import { type HttpReply, type HttpRequest, sendRequest, type SendRequest } from "./http-request.ts";
import { httpResult, isSuccess } from "./http-result.ts";
import { checkAddresses, checkTarget, hostOf, type TargetProblem } from "../../adapters/http-rules/target-guard.ts";

export interface HttpExecutorOptions {
  /** What each namespace is allowed besides public targets; see target-guard.ts. Default: nothing. */
  readonly allow?: (namespace: string) => readonly string[];
  /** All addresses of a name. Default: the system's resolver. */
  readonly resolve?: (host: string) => Promise<readonly string[]>;
  readonly send?: SendRequest;
}

const MAX_BODY_LOGGED = 2_000;

/**
 * Sends one HTTP request. The name of the target is resolved once, all its addresses are checked, and only those are
 * connected to; the same for each redirect.
 *
 * Errors: `HTTP_<status>` for a status that is no success, `TARGET_NOT_ALLOWED`, `REDIRECT_NOT_ALLOWED`,
 * `HEADER_NOT_ALLOWED`, `DNS_FAILED`, `CONNECTION_FAILED`, `TLS_FAILED`, `RESPONSE_TOO_LARGE`, `RESPONSE_INVALID`, and
 * those of a stop. A stop closes the connection; what the receiver has begun it may well end.
 */
export class HttpExecutor implements Executor<HttpDefinition> {
  readonly #allow: (namespace: string) => readonly string[];
  readonly #resolve: (host: string) => Promise<readonly string[]>;
  readonly #send: SendRequest;

  constructor({ allow = () => [], resolve = resolveAll, send = sendRequest }: HttpExecutorOptions = {}) {
    this.#allow = allow;
    this.#resolve = resolve;
    this.#send = send;
  }

  async execute(task: Task<HttpDefinition>, io: TaskIo): Promise<Outcome> {
    if (io.signal.aborted) return neverStarted(io.signal);
    try {
      const { request, reply } = await this.#exchange(task, io);
      return outcomeOf(request, reply, { definition: task.definition, io });
    } catch (error) {
      return io.signal.aborted ? connectionClosed(io.signal) : failed(error);
    }
  }

  /** Sends the request and what redirects make of it. @returns the last of them */
  async #exchange(task: Task<HttpDefinition>, io: TaskIo): Promise<{ request: HttpRequest; reply: HttpReply }> {
    const { maxRedirects = 0, successCodes } = task.definition;
    const allow = this.#allow(task.namespace);
    let request = firstRequest(task, allow);
    for (let redirects = 0; ; redirects += 1) {
      const addresses = await this.#addressesOf(request.url, { allow, signal: io.signal });
      const reply = await this.#send(request, { addresses, signal: io.signal });
      const { location } = reply.headers;
      const isRedirect = reply.status >= 300 && reply.status < 400 && typeof location === "string";
      if (!isRedirect || isSuccess(reply.status, successCodes)) return { request, reply };
      if (redirects >= maxRedirects) throw redirectRefused(request, `redirects followed are at most ${maxRedirects}`);
      request = redirected(request, { status: reply.status, location, allow });
      io.log("system", `Redirected to ${shown(request.url)}`);
    }
  }

  async #addressesOf(
    url: URL,
    { allow, signal }: { readonly allow: readonly string[]; readonly signal: AbortSignal },
  ): Promise<readonly string[]> {
    const host = hostOf(url);
    if (isIP(host) !== 0) return [host];
    const addresses = await untilAborted(this.#resolve(host), signal).catch((cause: Error) => {
      throw new Failure("DNS_FAILED", `Cannot resolve ${host}: ${cause.message}`, { cause });
    });
    const problem = checkAddresses(url, addresses, allow);
    if (problem !== undefined) throw targetRefused(url, problem);
    return addresses;
  }
}

async function resolveAll(host: string): Promise<readonly string[]> {
  const answers = await lookup(host, { all: true, order: "verbatim" });
  return answers.map(({ address }) => address);
}

function firstRequest(task: Task<HttpDefinition>, allow: readonly string[]): HttpRequest {
  const { url: text, headers = {}, body, method = body === undefined ? "GET" : "POST" } = task.definition;
  const refused = checkHeaders(headers);
  if (refused !== undefined) {
    const message = `Cannot send header ${JSON.stringify(refused.header)}: ${refused.rule}`;
    throw new Failure("HEADER_NOT_ALLOWED", message, { retryable: false });
  }
  const url = URL.parse(text);
  if (url === null) {
    throw new Failure("TARGET_NOT_ALLOWED", "Cannot send the request: url must be an absolute URL", {
      retryable: false,
    });
  }
  const problem = checkTarget(url, allow);
  if (problem !== undefined) throw targetRefused(url, problem);
  const request = { url, method, headers: requestHeaders(task) };
  return body === undefined ? request : { ...request, body: typeof body === "string" ? body : JSON.stringify(body) };
}

interface Redirect {
  readonly status: number;
  readonly location: string;
  readonly allow: readonly string[];
}

/**
 * The request that a redirect asks for. As in browsers, 303 turns any method but HEAD into GET, 301 and 302 turn POST
 * into GET. To another origin no header goes that may hold a credential.
 */
function redirected(request: HttpRequest, { status, location, allow }: Redirect): HttpRequest {
  const url = URL.parse(location, request.url.href);
  if (url === null) throw redirectRefused(request, `${JSON.stringify(location.slice(0, 200))} is no URL`);
  const problem = checkTarget(url, allow);
  if (problem !== undefined) throw redirectRefused(request, problem.rule);
  if (request.url.protocol === "https:" && url.protocol !== "https:") {
    throw redirectRefused(request, "must not lead from https to http");
  }
  const headers = url.origin === request.url.origin ? request.headers : harmlessHeaders(request.headers);
  const becomesGet = status === 303 ? request.method !== "HEAD" : status <= 302 && request.method === "POST";
  if (!becomesGet) return { ...request, url, headers };
  const { "content-type": _, ...withoutType } = headers;
  return { url, method: "GET", headers: withoutType };
}

function outcomeOf(
  { method, url }: HttpRequest,
  reply: HttpReply,
  { definition, io }: { readonly definition: HttpDefinition; readonly io: TaskIo },
): Outcome {
  const answer = `${method} ${shown(url)} answered ${reply.status}`;
  io.log("system", `${answer} with ${reply.body.length} bytes`);
  if (isSuccess(reply.status, definition.successCodes)) return { ok: true, result: httpResult(reply) };
  const { body } = httpResult(reply);
  const text = typeof body === "string" ? body : JSON.stringify(body ?? "");
  for (const line of text.slice(0, MAX_BODY_LOGGED).split(/\r?\n/)) if (line !== "") io.log("system", line);
  return { ok: false, error: taskError(`HTTP_${reply.status}`, answer) };
}

function connectionClosed(signal: AbortSignal): Outcome {
  const evidence = "Connection closed; what the receiver has begun it may still do";
  return stopped({ reason: stopReason(signal).kind, confirmed: true, evidence });
}

function targetRefused(url: URL, { rule }: TargetProblem): Failure {
  return new Failure("TARGET_NOT_ALLOWED", `Cannot send a request to ${shown(url)}: ${rule}`, { retryable: false });
}

function redirectRefused({ url }: HttpRequest, rule: string): Failure {
  return new Failure("REDIRECT_NOT_ALLOWED", `Cannot follow the redirect of ${shown(url)}: ${rule}`, {
    retryable: false,
  });
}

/** For logs and errors: queries and passwords are often secret. */
function shown(url: URL): string {
  return `${url.protocol}//${url.host}${url.pathname}`;
}

/** The system's resolver cannot be interrupted; nobody need wait for it though. */
function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => reject(new Error("interrupted"));
  signal.addEventListener("abort", onAbort, { once: true });
  if (signal.aborted) onAbort();
  return Promise.race([promise, aborted]).finally(() => signal.removeEventListener("abort", onAbort));
}
