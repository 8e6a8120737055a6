import type { JsonObject } from "../../core/json.ts";
import type { Outcome, Task, TaskIo } from "./executor.ts";
import { failed, Failure, stopped, stopReason } from "./failure.ts";
import { type Handler, type HandlerContext, type HandlerLogger, handlerLogger } from "./handler-context.ts";
import { handlerError, stackOf } from "./handler-error.ts";
import { resultOf } from "./result.ts";
import { within } from "./stop-family.ts";

/**
 * Calls a handler in the worker's own process. A handler that returns at once costs no turn of the event loop.
 *
 * It cannot be killed: when it has not ended `graceMs` after a stop was asked for, the outcome says that the stop is not
 * confirmed, and the handler runs on unheard.
 */
export function runInline(handler: Handler, task: Task, io: TaskIo): Promise<Outcome> {
  let value: unknown;
  try {
    value = handler(new InlineContext(task, io));
    if (!isThenable(value)) return Promise.resolve(succeeded(value));
  } catch (error) {
    return Promise.resolve(handlerThrew(error, io));
  }
  return settledOrStopped(
    Promise.resolve(value)
      .then(succeeded)
      .catch((error: unknown) => handlerThrew(error, io)),
    io.signal,
  );
}

/** Makes what a handler seldom asks for only when it does. */
class InlineContext implements HandlerContext {
  readonly #task: Task;
  readonly #io: TaskIo;
  #logger: HandlerLogger | undefined;

  constructor(task: Task, io: TaskIo) {
    this.#task = task;
    this.#io = io;
  }

  get slot(): HandlerContext["slot"] {
    return { at: new Date(this.#task.slotAtMs), dueAt: new Date(this.#task.dueAtMs) };
  }

  get run(): HandlerContext["run"] {
    return { id: this.#task.runId, attempt: this.#task.attempt, epoch: this.#task.epoch };
  }

  get job(): string {
    return this.#task.job;
  }

  get namespace(): string {
    return this.#task.namespace;
  }

  get parameters(): JsonObject {
    return this.#task.parameters;
  }

  get logger(): HandlerLogger {
    this.#logger ??= handlerLogger((source, text) => this.#io.log(source, text));
    return this.#logger;
  }

  get signal(): AbortSignal {
    return this.#io.signal;
  }

  get progress(): HandlerContext["progress"] {
    return (value) => this.#io.progress(value);
  }
}

function succeeded(value: unknown): Outcome {
  if (value === undefined) return { ok: true };
  const result = resultOf(value);
  return result === undefined ? { ok: true } : { ok: true, result };
}

/** The outcome of an attempt whose handler, or whose module while it was loaded, threw `error`. The log gets the stack. */
export function handlerThrew(error: unknown, io: TaskIo): Outcome {
  if (error instanceof Failure) return failed(error);
  for (const line of (stackOf(error) ?? "").split("\n")) if (line !== "") io.log("stderr", line);
  return { ok: false, error: handlerError(error) };
}

/** Resolves with what the handler came to, or, once a stop was asked for, with what came of that. */
async function settledOrStopped(settled: Promise<Outcome>, signal: AbortSignal): Promise<Outcome> {
  const asked = Promise.withResolvers<undefined>();
  const onAbort = (): void => asked.resolve(undefined);
  if (signal.aborted) onAbort();
  signal.addEventListener("abort", onAbort, { once: true });
  const outcome = await Promise.race([settled, asked.promise]);
  signal.removeEventListener("abort", onAbort);
  return outcome ?? afterStop(settled, signal);
}

async function afterStop(settled: Promise<Outcome>, signal: AbortSignal): Promise<Outcome> {
  const { kind, graceMs } = stopReason(signal);
  const hasEnded = await within(graceMs, settled);
  const evidence = hasEnded
    ? "Handler ended after its signal was aborted"
    : `Handler runs on in the worker's process: it did not end within ${graceMs} ms of the abort`;
  return stopped({ reason: kind, confirmed: hasEnded, evidence });
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}
