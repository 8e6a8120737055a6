import type { HttpDefinition } from "../../core/job/executor.ts";
import type { Task } from "./executor.ts";

/** Headers that say how the message is framed or routed: set by the client, or never. */
const REFUSED =
  /^(?:host|content-length|transfer-encoding|connection|keep-alive|te|trailer|upgrade|expect|http2-settings|proxy-.*|carillon-.*)$/;
const NAME = /^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/;
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
/** What may be told to another origin after a redirect. Everything else may be a credential. */
const HARMLESS = new Set(["accept", "accept-encoding", "accept-language", "content-type", "user-agent"]);

export type Headers = Readonly<Record<string, string>>;

/** @returns why a job may not send these headers, naming the first that it may not, or `undefined` */
export function checkHeaders(headers: Headers): { readonly header: string; readonly rule: string } | undefined {
  for (const [header, value] of Object.entries(headers)) {
    if (!NAME.test(header)) return { header, rule: "must be an HTTP header name" };
    if (REFUSED.test(header.toLowerCase())) return { header, rule: "is set by the client, not by a job" };
    if (!VALUE.test(value)) return { header, rule: "must not contain control characters or characters beyond Latin-1" };
  }
  return undefined;
}

/**
 * The headers of a task's request, names in lower case. The receiver learns which attempt asks; `idempotency-key` is the
 * same for all attempts of a run, unless the job sets its own.
 */
export function requestHeaders(task: Task<HttpDefinition>): Headers {
  const { headers = {}, body } = task.definition;
  const own = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value] as const);
  return {
    accept: "*/*",
    "accept-encoding": "gzip, deflate, br",
    "user-agent": "carillon",
    ...(body !== undefined && {
      "content-type": typeof body === "string" ? "text/plain; charset=utf-8" : "application/json",
    }),
    "idempotency-key": task.runId,
    ...Object.fromEntries(own),
    "carillon-run-id": task.runId,
    "carillon-attempt": String(task.attempt),
    "carillon-slot": new Date(task.slotAtMs).toISOString(),
  };
}

/** What of a request's headers goes to another origin. */
export function harmlessHeaders(headers: Headers): Headers {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => HARMLESS.has(name)));
}
