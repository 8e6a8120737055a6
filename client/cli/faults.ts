import type { FieldError } from "../../api/contract/problem.ts";
import type { ApiError } from "../sdk/api-error.ts";
import type { Fault } from "./cli-error.ts";

/** Finds the place in the author's file that a JSON Pointer into the request leads to. */
export type Locate = (pointer: string) => string | undefined;

/** The faults that the server found, each with the cron expression it is about, as far as it was sent. */
export function faultsOf(error: ApiError, locate?: Locate): Fault[] {
  return error.errors.map((fault) => ({
    place: locate?.(fault.pointer),
    pointer: fault.pointer,
    code: fault.code,
    detail: fault.detail,
    expression: expressionOf(fault, error.request.body),
  }));
}

function expressionOf(fault: FieldError & { readonly position?: number }, body: unknown): Fault["expression"] {
  const { pointer, position } = fault;
  const text = valueAt(body, pointer);
  if (position === undefined || typeof text !== "string") return undefined;
  return position >= 0 && position <= text.length ? { text, position } : undefined;
}

/** The value at a JSON Pointer (RFC 6901); `undefined` when there is none. */
function valueAt(body: unknown, pointer: string): unknown {
  let value = body;
  for (const token of pointer.split("/").slice(1)) {
    const key = token.replaceAll("~1", "/").replaceAll("~0", "~");
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Readonly<Record<string, unknown>>)[key];
  }
  return value;
}
