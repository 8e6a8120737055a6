import type { Queue } from "../core/ports/queue.ts";

/**
 * Deletes and hides messages, many at a time: what is asked for in one turn of the event loop goes out together. A
 * failure is told and otherwise harmless: the message comes again and finds its run ended.
 */
export class Receipts {
  readonly #queue: Queue;
  readonly #onError: (error: unknown) => void;
  readonly #deletions = new Map<string, string[]>();
  #flushing: Promise<void> | undefined;

  constructor(queue: Queue, onError: (error: unknown) => void) {
    this.#queue = queue;
    this.#onError = onError;
  }

  delete(queue: string, receipt: string): void {
    const receipts = this.#deletions.get(queue);
    if (receipts === undefined) this.#deletions.set(queue, [receipt]);
    else receipts.push(receipt);
    this.#flushing ??= Promise.resolve().then(() => this.#flush());
  }

  /** Hides messages for `visibilityMs` from now; 0 gives them back. */
  async hide(
    messages: Iterable<{ readonly queue: string; readonly receipt: string }>,
    visibilityMs: number,
  ): Promise<void> {
    const byQueue = new Map<string, string[]>();
    for (const { queue, receipt } of messages) {
      const receipts = byQueue.get(queue);
      if (receipts === undefined) byQueue.set(queue, [receipt]);
      else receipts.push(receipt);
    }
    const work = [...byQueue].map(([queue, receipts]) => this.#queue.extend(queue, receipts, visibilityMs));
    await Promise.all(work).catch(this.#onError);
  }

  /** Resolves when all deletions asked for so far have been done. */
  async settled(): Promise<void> {
    while (this.#flushing !== undefined) await this.#flushing;
  }

  async #flush(): Promise<void> {
    while (this.#deletions.size > 0) {
      const work = [...this.#deletions].map(([queue, receipts]) => this.#queue.delete(queue, receipts));
      this.#deletions.clear();
      await Promise.all(work).catch(this.#onError);
    }
    this.#flushing = undefined;
  }
}
