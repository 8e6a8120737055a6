import type { HttpDefinition } from "../../core/job/executor.ts";
import type { Json, JsonObject } from "../../core/json.ts";
import type { HttpReply } from "./http-request.ts";
import { MAX_RESULT_BYTES } from "./result.ts";

/** Headers of a response that are worth keeping with the result. */
const KEPT_HEADERS = [
  "content-type",
  "date",
  "etag",
  "last-modified",
  "location",
  "request-id",
  "retry-after",
  "x-request-id",
  "x-amzn-requestid",
];
const TEXT_TYPES =
  /^(?:text\/|application\/(?:[\w.+-]*\+)?(?:json|xml|yaml|x-ndjson|javascript|x-www-form-urlencoded)\b)/i;
const JSON_TYPES = /^application\/(?:[\w.+-]*\+)?json\b/i;

/**
 * What is kept of a response: status, some headers, and of a text the body: parsed when it is JSON of at most
 * `MAX_RESULT_BYTES`, else the text up to that size, with `truncated: true` when there is more. `bytes` is its full size.
 */
export function httpResult({ status, headers, body }: HttpReply): JsonObject {
  const kept = KEPT_HEADERS.flatMap((name) => {
    const value = headers[name];
    return typeof value === "string" ? [[name, value] as const] : [];
  });
  const type = headers["content-type"];
  return {
    status,
    headers: Object.fromEntries(kept),
    bytes: body.length,
    ...keptBody(body, typeof type === "string" ? type : "text/plain"),
  };
}

/** Whether a status is one of the `successCodes`. Default `["200-299"]`. */
export function isSuccess(status: number, successCodes: HttpDefinition["successCodes"] = ["200-299"]): boolean {
  return successCodes.some((code) => {
    if (typeof code === "number") return status === code;
    const [least, most] = code.split("-").map(Number);
    return least !== undefined && most !== undefined && status >= least && status <= most;
  });
}

function keptBody(body: Buffer, type: string): { readonly body?: Json; readonly truncated?: true } {
  if (body.length === 0 || !TEXT_TYPES.test(type)) return {};
  if (body.length > MAX_RESULT_BYTES) return { body: textOf(body.subarray(0, MAX_RESULT_BYTES)), truncated: true };
  return { body: JSON_TYPES.test(type) ? jsonOf(body) : textOf(body) };
}

/** What is called JSON and is none stays a text. */
function jsonOf(body: Buffer): Json {
  const text = textOf(body);
  try {
    return JSON.parse(text) as Json;
  } catch {
    return text;
  }
}

/** As a stream, the decoder leaves out a character that was cut in two. */
function textOf(bytes: Buffer): string {
  return new TextDecoder().decode(bytes, { stream: true });
}
