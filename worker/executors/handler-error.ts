import type { TaskError } from "./executor.ts";
import { taskError } from "./failure.ts";

const MAX_NAME_LENGTH = 128;
const MAX_MESSAGE_LENGTH = 8_192;

/** Turns what a handler threw, which may be anything, into the error of its attempt. */
export function handlerError(thrown: unknown): TaskError {
  if (!(thrown instanceof Error)) return taskError("Error", `Handler threw ${shown(thrown)}`);
  // Typed as texts, but anybody may have assigned them.
  const { name, message }: { readonly name: unknown; readonly message: unknown } = thrown;
  const isFinal = "retryable" in thrown && thrown.retryable === false;
  return taskError(
    String(name).slice(0, MAX_NAME_LENGTH) || "Error",
    String(message).slice(0, MAX_MESSAGE_LENGTH),
    isFinal ? false : undefined,
  );
}

export function stackOf(thrown: unknown): string | undefined {
  return thrown instanceof Error && typeof thrown.stack === "string" ? thrown.stack : undefined;
}

function shown(value: unknown): string {
  try {
    return JSON.stringify(value).slice(0, 200);
  } catch {
    // Without a JSON form: undefined, a function, a symbol, a bigint, a circle.
    return typeof value;
  }
}
