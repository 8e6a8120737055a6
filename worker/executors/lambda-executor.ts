import { InvokeCommand, type InvokeCommandOutput, LambdaClient } from "@aws-sdk/client-lambda";
import { clientConfig } from "../../adapters/aws/clients.ts";
import type { LambdaDefinition } from "../../core/job/executor.ts";
import type { JsonObject } from "../../core/json.ts";
import { awsFailure } from "./aws-failure.ts";
import type { Executor, Outcome, Task, TaskIo } from "./executor.ts";
import { failed, neverStarted, stopped, stopReason, taskError } from "./failure.ts";
import { resultOf } from "./result.ts";

/** A function runs for 15 minutes at most; what is above is for the way there and back. */
const REQUEST_TIMEOUT_MS = 16 * 60_000;
const CONNECTION_TIMEOUT_MS = 2_000;
/** One for each slot of the largest worker: an invocation holds its connection as long as it runs. The SDK's default is 50. */
const MAX_SOCKETS = 1_000;
const MAX_ERROR_NAME_LENGTH = 200;
const MAX_ERROR_MESSAGE_LENGTH = 4_000;
/** Of the trace that a function's error brings along. */
const MAX_TRACE_LENGTH = 65_536;

/** One try, since the SDK's second would invoke the function twice. */
export function lambdaClient(): LambdaClient {
  const agent = { keepAlive: true, maxSockets: MAX_SOCKETS };
  const requestHandler = {
    connectionTimeout: CONNECTION_TIMEOUT_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    throwOnRequestTimeout: true,
    httpAgent: agent,
    httpsAgent: agent,
  };
  return new LambdaClient(clientConfig({ requestHandler, maxAttempts: 1 }));
}

/**
 * Invokes a Lambda function, and waits for what it returns unless it is only to be started.
 *
 * A running function can't be stopped from outside. After a stop it is waited for during the grace time; if it has not
 * ended by then, the outcome says so: it may run on until its own time-out.
 *
 * Errors: those of the function under their own names (`errorType`), those of `awsFailure`, `RESULT_INVALID`, and those of
 * a stop.
 */
export class LambdaExecutor implements Executor<LambdaDefinition> {
  readonly #client: LambdaClient;

  /** @param options.client - one that never tries twice, see `lambdaClient` */
  constructor({ client }: { readonly client: LambdaClient }) {
    this.#client = client;
  }

  async execute(task: Task<LambdaDefinition>, io: TaskIo): Promise<Outcome> {
    if (io.signal.aborted) return neverStarted(io.signal);
    const { function: name } = task.definition;
    const ended = new AbortController();
    const hangUp = new AbortController();
    const graceOver = untilGraceIsOver(io.signal, ended.signal);
    try {
      const reply = await Promise.race([this.#invoke(task, hangUp.signal), graceOver]);
      if (reply === undefined) return stopped({ ...reasonOf(io.signal), confirmed: false, evidence: mayRunOn(name) });
      if (!io.signal.aborted) return outcomeOf(reply, io);
      const evidence = `Function "${name}" ended by itself within the grace time`;
      return stopped({ ...reasonOf(io.signal), confirmed: true, evidence });
    } catch (error) {
      if (!io.signal.aborted) return failed(error);
      return stopped({ ...reasonOf(io.signal), confirmed: false, evidence: mayRunOn(name) });
    } finally {
      ended.abort();
      hangUp.abort();
    }
  }

  async #invoke(task: Task<LambdaDefinition>, abortSignal: AbortSignal): Promise<InvokeCommandOutput> {
    const { function: name, qualifier, payload, invocation = "wait" } = task.definition;
    const waits = invocation === "wait";
    const command = new InvokeCommand({
      FunctionName: name,
      InvocationType: waits ? "RequestResponse" : "Event",
      Payload: Buffer.from(JSON.stringify(payload === undefined ? eventOf(task) : payload)),
      ...(qualifier !== undefined && { Qualifier: qualifier }),
      ...(waits && { LogType: "Tail", ClientContext: clientContext(task) }),
    });
    try {
      return await this.#client.send(command, { abortSignal });
    } catch (error) {
      throw awsFailure(`Cannot invoke function "${name}"`, error);
    }
  }
}

/** What tells the function which attempt it is. */
function identityOf({ runId, namespace, job, slotAtMs, dueAtMs, attempt, epoch }: Task): JsonObject {
  const [slotAt, dueAt] = [slotAtMs, dueAtMs].map((atMs) => new Date(atMs).toISOString());
  return { runId, namespace, job, slotAt: slotAt ?? null, dueAt: dueAt ?? null, attempt, epoch };
}

function eventOf(task: Task): JsonObject {
  return { ...identityOf(task), parameters: task.parameters };
}

/** Found by the function in its context, whatever its payload is. Far below the 3,583 bytes that Lambda takes. */
function clientContext(task: Task): string {
  return Buffer.from(JSON.stringify({ custom: { carillon: identityOf(task) } })).toString("base64");
}

function outcomeOf(
  { FunctionError: fault, LogResult: tail, Payload: payload }: InvokeCommandOutput,
  io: TaskIo,
): Outcome {
  if (tail !== undefined) logTail(tail, io);
  // An empty answer is `null` here, whatever its type says.
  const text = Buffer.from(payload ?? []).toString();
  if (fault !== undefined) return faultOf(text, { fault, io });
  if (text === "") return { ok: true };
  const result = resultOf(parsed(text));
  return result === undefined ? { ok: true } : { ok: true, result };
}

/** The end of the function's log: the last 4 KB, so that its first line may be a part of one. */
function logTail(tail: string, io: TaskIo): void {
  logLines("stdout", Buffer.from(tail, "base64").toString(), io);
}

function faultOf(text: string, { fault, io }: { readonly fault: string; readonly io: TaskIo }): Outcome {
  const error = parsed(text);
  const { errorType, errorMessage, trace, stackTrace } = (
    typeof error === "object" && error !== null ? error : {}
  ) as Readonly<Record<string, unknown>>;
  const lines = trace ?? stackTrace;
  if (Array.isArray(lines)) logLines("stderr", lines.join("\n").slice(0, MAX_TRACE_LENGTH), io);
  const name = typeof errorType === "string" && errorType !== "" ? errorType : "FUNCTION_ERROR";
  const message = typeof errorMessage === "string" && errorMessage !== "" ? errorMessage : `${fault} error: ${text}`;
  return {
    ok: false,
    error: taskError(name.slice(0, MAX_ERROR_NAME_LENGTH), message.slice(0, MAX_ERROR_MESSAGE_LENGTH)),
  };
}

function logLines(source: "stdout" | "stderr", text: string, io: TaskIo): void {
  const lines = text.trimEnd();
  if (lines !== "") for (const line of lines.split(/\r?\n/)) io.log(source, line);
}

/** Runtimes answer in JSON; one of the user's own making may not. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function reasonOf(signal: AbortSignal) {
  return { reason: stopReason(signal).kind };
}

function mayRunOn(name: string): string {
  return `A function cannot be stopped from outside: "${name}" may run on until its own time-out`;
}

/** Resolves when the grace time after a stop is over; never when the attempt ends before. */
function untilGraceIsOver(signal: AbortSignal, ended: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    const onStop = (): void => {
      const timer = setTimeout(() => resolve(undefined), stopReason(signal).graceMs);
      ended.addEventListener("abort", () => clearTimeout(timer), { once: true });
    };
    signal.addEventListener("abort", onStop, { once: true });
    ended.addEventListener("abort", () => signal.removeEventListener("abort", onStop), { once: true });
  });
}
