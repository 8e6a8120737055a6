import type { Headers } from "../../adapters/http-rules/header-rules.ts";
import type { HttpDefinition } from "../../core/job/executor.ts";
import type { Task } from "./executor.ts";

/** What may be told to another origin after a redirect. Everything else may be a credential. */
const HARMLESS = new Set(["accept", "accept-encoding", "accept-language", "content-type", "user-agent"]);

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
