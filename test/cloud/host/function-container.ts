import { randomUUID } from "node:crypto";
import { createInterface } from "node:readline";
import { Worker } from "node:worker_threads";

/** What a container is started with. */
export interface ContainerData {
  readonly file: string;
  readonly handlerName: string;
  readonly functionName: string;
  readonly functionArn: string;
  readonly memoryMb: number;
}

export interface ContainerRequest {
  readonly id: string;
  readonly event: unknown;
  readonly deadlineAtMs: number;
}

export type ContainerReply =
  | { readonly kind: "ready" }
  | { readonly kind: "failed"; readonly error: FunctionError }
  | { readonly kind: "result"; readonly id: string; readonly payload: string }
  | { readonly kind: "error"; readonly id: string; readonly error: FunctionError };

/** As Lambda answers for a function that failed. */
export interface FunctionError {
  readonly errorType: string;
  readonly errorMessage: string;
}

export type Outcome =
  | { readonly ok: true; readonly payload: string }
  | { readonly ok: false; readonly error: FunctionError };

export interface ContainerOptions extends ContainerData {
  readonly environment: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  /** Told each line that the function writes. */
  readonly onLine: (line: string) => void;
}

const RUNTIME = new URL("function-runtime.ts", import.meta.url);
/** Longest time that Lambda gives a container to load. */
const INIT_TIMEOUT_MS = 10_000;
/** What Node itself needs beside the heap that a function's memory size allows. */
const LEAST_HEAP_MB = 64;

/**
 * One container of a function: a thread of its own with the function's environment and nothing else, that answers one
 * event at a time. It is over when the function runs past its time, when it breaks, or when it is killed.
 */
export class FunctionContainer {
  readonly #worker: Worker;
  readonly #timeoutMs: number;
  readonly #ready: Promise<FunctionError | undefined>;
  #pending: ((outcome: Outcome) => void) | undefined;
  #isOver = false;

  constructor({ environment, timeoutMs, onLine, ...data }: ContainerOptions) {
    this.#timeoutMs = timeoutMs;
    this.#worker = new Worker(RUNTIME, {
      workerData: data,
      env: { ...environment },
      execArgv: [],
      stdout: true,
      stderr: true,
      resourceLimits: { maxOldGenerationSizeMb: Math.max(LEAST_HEAP_MB, data.memoryMb) },
    });
    for (const stream of [this.#worker.stdout, this.#worker.stderr])
      createInterface({ input: stream }).on("line", onLine);
    const { promise, resolve } = Promise.withResolvers<FunctionError | undefined>();
    this.#ready = promise;
    this.#worker.on("message", (reply: ContainerReply) => {
      if (reply.kind === "ready") resolve(undefined);
      else if (reply.kind === "failed") resolve(reply.error);
      else if (reply.kind === "result") this.#settle({ ok: true, payload: reply.payload });
      else this.#settle({ ok: false, error: reply.error });
    });
    this.#worker.on("error", (error: unknown) => {
      const message = error instanceof Error ? error.message : String(error);
      this.#end({ errorType: "Runtime.UnhandledError", errorMessage: message }, resolve);
    });
    this.#worker.on("exit", () =>
      this.#end({ errorType: "Runtime.ExitError", errorMessage: "Runtime exited without providing a reason" }, resolve),
    );
  }

  /** No event can be given to it any more. */
  get isOver(): boolean {
    return this.#isOver;
  }

  get isBusy(): boolean {
    return this.#pending !== undefined;
  }

  /** Gives the function one event; the former one must have been answered. */
  async invoke(event: unknown): Promise<Outcome> {
    const { promise, resolve } = Promise.withResolvers<Outcome>();
    this.#pending = resolve;
    const failure = await within(INIT_TIMEOUT_MS, this.#ready);
    if (failure !== undefined) {
      await this.kill();
      return { ok: false, error: failure };
    }
    const id = randomUUID();
    const timer = setTimeout(() => {
      const seconds = (this.#timeoutMs / 1_000).toFixed(2);
      this.#settle({
        ok: false,
        error: { errorType: "Sandbox.Timedout", errorMessage: `${id} Task timed out after ${seconds} seconds` },
      });
      void this.kill();
    }, this.#timeoutMs);
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
    this.#worker.postMessage({ id, event, deadlineAtMs: Date.now() + this.#timeoutMs } satisfies ContainerRequest);
    const outcome = await promise;
    clearTimeout(timer);
    return outcome;
  }

  /** Ends it at once, whatever it does. */
  async kill(): Promise<void> {
    this.#isOver = true;
    await this.#worker.terminate();
  }

  #end(error: FunctionError, failToLoad: (error: FunctionError) => void): void {
    this.#isOver = true;
    failToLoad(error);
    this.#settle({ ok: false, error });
  }

  #settle(outcome: Outcome): void {
    const pending = this.#pending;
    this.#pending = undefined;
    pending?.(outcome);
  }
}

async function within(ms: number, ready: Promise<FunctionError | undefined>): Promise<FunctionError | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<FunctionError>((resolve) => {
    const error = { errorType: "Sandbox.Timedout", errorMessage: `Init timed out after ${ms / 1_000} seconds` };
    timer = setTimeout(() => resolve(error), ms);
  });
  const result = await Promise.race([ready, late]);
  clearTimeout(timer);
  return result;
}
