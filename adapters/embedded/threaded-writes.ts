import { Worker } from "node:worker_threads";
import { PortError, type PortErrorCode } from "../../core/ports/errors.ts";
import type { OpenDatabaseOptions } from "./open-database.ts";
import type { SqliteWriterOptions } from "./sqlite-writer.ts";
import type { ArgumentsOf, Operation, ResultOf, Writes } from "./writes.ts";

/** What the thread is started with. */
export interface WriterThreadData extends OpenDatabaseOptions, SqliteWriterOptions {
  readonly path: string;
}

/** Operations asked for in one turn, in order; `undefined` asks the thread to end. */
export type WriterRequest = readonly (readonly [operation: Operation, args: readonly unknown[]])[] | undefined;

/** The results of one request, in its order. */
export type WriterAnswer = readonly WriterResult[];
export type WriterResult = { readonly value: unknown } | { readonly code: PortErrorCode; readonly message: string };

interface Pending {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

/**
 * Writes in a thread of their own, with a connection of its own: while one group is on its way to the disk, this thread
 * goes on and the next group gathers. What is asked for in one turn of the event loop goes over together.
 */
export class ThreadedWrites implements Writes {
  readonly #thread: Worker;
  /** Requests that the thread has not answered, oldest first. */
  readonly #underWay: Pending[][] = [];
  #request: [Operation, readonly unknown[]][] = [];
  #pending: Pending[] = [];
  #failure: PortError | undefined;
  #isClosed = false;
  #idle: (() => void) | undefined;

  constructor(data: WriterThreadData) {
    this.#thread = new Worker(new URL("./writer-thread.ts", import.meta.url), { workerData: data });
    // It keeps the process alive only while somebody waits for an answer.
    this.#thread.unref();
    this.#thread.on("message", (answer: WriterAnswer) => this.#settle(answer));
    this.#thread.on("error", (error) => this.#fail(error));
  }

  run<O extends Operation>(operation: O, ...args: ArgumentsOf<O>): Promise<ResultOf<O>> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    if (this.#isClosed)
      return Promise.reject(new PortError("UNAVAILABLE", "Cannot write to the database: it is closed"));
    return new Promise<ResultOf<O>>((resolve, reject) => {
      if (this.#request.length === 0) setImmediate(() => this.#post());
      this.#request.push([operation, args]);
      this.#pending.push({ resolve: resolve as (value: unknown) => void, reject });
    });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    if (this.#request.length > 0 || this.#underWay.length > 0) {
      await new Promise<void>((resolve) => (this.#idle = resolve));
    }
    if (this.#failure !== undefined) return;
    const exited = new Promise<void>((resolve) => this.#thread.once("exit", () => resolve()));
    this.#thread.ref();
    this.#send(undefined);
    await exited;
  }

  #post(): void {
    if (this.#request.length === 0) return;
    if (this.#underWay.length === 0) this.#thread.ref();
    this.#underWay.push(this.#pending);
    this.#send(this.#request);
    this.#request = [];
    this.#pending = [];
  }

  #send(request: WriterRequest): void {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
    this.#thread.postMessage(request);
  }

  #settle(answer: WriterAnswer): void {
    const pending = this.#underWay.shift() ?? [];
    if (this.#underWay.length === 0) this.#thread.unref();
    for (const [index, { resolve, reject }] of pending.entries()) {
      const result = answer[index];
      if (result === undefined)
        reject(new PortError("UNKNOWN_OUTCOME", "Cannot tell whether a write happened: the writer gave no answer"));
      else if ("value" in result) resolve(result.value);
      else reject(new PortError(result.code, result.message));
    }
    if (this.#underWay.length === 0 && this.#request.length === 0) this.#idle?.();
  }

  /** The thread is gone: what it had been asked may or may not have happened, and nothing more will. */
  #fail(cause: unknown): void {
    this.#failure = new PortError("UNAVAILABLE", "Cannot write to the database: its writer has failed", { cause });
    const unknown = new PortError("UNKNOWN_OUTCOME", "Cannot tell whether a write happened: its writer has failed", {
      cause,
    });
    for (const pending of [...this.#underWay.splice(0), this.#pending.splice(0)]) {
      for (const { reject } of pending) reject(unknown);
    }
    this.#request = [];
    this.#idle?.();
  }
}
