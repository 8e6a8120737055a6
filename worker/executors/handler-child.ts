/**
 * The main module of a handler's process. It waits for one `StartMessage`, loads the module, calls the handler, tells
 * how it went and exits; what the handler has left running ends with it. SIGTERM aborts the handler's signal.
 */
import { pathToFileURL } from "node:url";
import type { Json } from "../../core/json.ts";
import { handlerLogger, type HandlerContext } from "./handler-context.ts";
import { handlerError, stackOf } from "./handler-error.ts";
import type { ReportMessage, StartMessage } from "./handler-messages.ts";
import { handlerIn } from "./handler-module.ts";
import { resultOf } from "./result.ts";

const abort = new AbortController();
let isSettled = false;

process.once("SIGTERM", () => abort.abort(new DOMException("The attempt has to end early", "AbortError")));
process.once("message", (message) => void run(message as StartMessage));
process.on("uncaughtException", fail);
// The worker is gone: nobody will hear the result, and another worker may be at the run by now.
process.once("disconnect", () => process.exit(1));
// The channel alone does not keep the process alive once the handler runs: nothing else to wait for means that the
// handler's promise will never settle.
process.on("beforeExit", () => {
  if (!isSettled)
    fail(new NeverSettledError("Handler returned a promise that cannot settle: nothing is left to wait for"));
});

class NeverSettledError extends Error {
  override readonly name = "NEVER_SETTLED";
}

async function run(start: StartMessage): Promise<void> {
  process.channel?.unref();
  try {
    const exports = (await import(pathToFileURL(start.path).href)) as object;
    const value = resultOf(await handlerIn(exports, start.exportName)(contextOf(start)));
    settle(value === undefined ? { type: "result" } : { type: "result", value });
  } catch (error) {
    fail(error);
  }
}

function contextOf(start: StartMessage): HandlerContext {
  return {
    slot: { at: new Date(start.slotAtMs), dueAt: new Date(start.dueAtMs) },
    run: { id: start.runId, attempt: start.attempt, epoch: start.epoch },
    job: start.job,
    namespace: start.namespace,
    parameters: start.parameters,
    // Through the streams, so that lines keep their order with what the handler prints itself.
    logger: handlerLogger((source, text) => void process[source].write(`${text}\n`)),
    progress,
    signal: abort.signal,
  };
}

let isSending = false;
let waiting: { readonly value: Json } | undefined;

/** One message is on its way at a time; meanwhile only the latest value is kept, so a busy loop costs no memory. */
function progress(value: Json): void {
  if (isSending) {
    waiting = { value };
    return;
  }
  isSending = true;
  send({ type: "progress", value }, () => {
    isSending = false;
    const next = waiting;
    waiting = undefined;
    if (next !== undefined) progress(next.value);
  });
}

function fail(thrown: unknown): void {
  const stack = stackOf(thrown);
  const error = handlerError(thrown);
  settle(stack === undefined ? { type: "error", error } : { type: "error", error, stack });
}

/** Only the first end counts. Exits once it has been told and all output is written. */
function settle(report: ReportMessage): void {
  if (isSettled) return;
  isSettled = true;
  if (waiting !== undefined) send({ type: "progress", value: waiting.value }, () => undefined);
  send(report, () => {
    process.stdout.write("", () => process.stderr.write("", () => process.exit(0)));
  });
}

function send(report: ReportMessage, done: () => void): void {
  // Without a worker nobody is there to be told.
  if (process.send === undefined || !process.connected) process.exit(1);
  process.send(report, undefined, undefined, done);
}
