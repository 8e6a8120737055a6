import type { Json } from "../../core/json.ts";
import { Failure } from "./failure.ts";

/** Largest result of an attempt, as JSON. Larger data belongs into a store of its own, the result names it. */
export const MAX_RESULT_BYTES = 64 * 1024;

/**
 * What a handler returned, as JSON: `undefined` stays so, dates become texts, as `JSON.stringify` has it.
 *
 * @throws {Failure} `RESULT_INVALID` when it cannot be written as JSON, or is larger than `MAX_RESULT_BYTES`
 */
export function resultOf(value: unknown): Json | undefined {
  if (value === undefined || value === null || typeof value === "boolean") return value;
  const text = write(value);
  if (text === undefined) throw invalid(`a ${typeof value} has no JSON form`);
  const bytes = Buffer.byteLength(text);
  if (bytes > MAX_RESULT_BYTES) throw invalid(`${bytes} bytes are more than ${MAX_RESULT_BYTES}`);
  return JSON.parse(text) as Json;
}

function write(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch (error) {
    throw invalid((error as Error).message, error);
  }
}

function invalid(rule: string, cause?: unknown): Failure {
  return new Failure("RESULT_INVALID", `Cannot keep the result: ${rule}`, { retryable: false, cause });
}
