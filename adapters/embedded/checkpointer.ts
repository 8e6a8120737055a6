import { Worker } from "node:worker_threads";

/**
 * Moves the write-ahead log into the database from a thread of its own, so that no commit pays for it. One process that
 * uses the file is enough. Does not keep the process alive.
 */
export class Checkpointer {
  readonly #thread: Worker;
  #exited = false;

  constructor(path: string) {
    this.#thread = new Worker(new URL("./checkpointer-thread.ts", import.meta.url), { workerData: { path } });
    this.#thread.unref();
    // Without it the log grows, which its size shows; work goes on. An error without a listener would end the process.
    this.#thread.on("error", () => {});
    this.#thread.once("exit", () => (this.#exited = true));
  }

  /** Resolves when the thread has closed its connection. */
  async close(): Promise<void> {
    if (this.#exited) return;
    const exited = new Promise<void>((resolve) => this.#thread.once("exit", () => resolve()));
    this.#thread.ref();
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
    this.#thread.postMessage("close");
    await exited;
  }
}
