import type { Clock } from "../core/ports/clock.ts";
import type { Queue } from "../core/ports/queue.ts";
import type { Core } from "../core/services/core.ts";

/** As many as one request to a queue service takes. */
const FULL = 10;

/**
 * Deletes and hides messages, many at a time: what is to be deleted waits for others, at most until there are as many as
 * one request takes. A failure is told and otherwise harmless: the message comes again and finds its run ended.
 */
export class Receipts {
  readonly #queue: Queue;
  readonly #clock: Clock;
  readonly #waitMs: number;
  readonly #onError: (error: unknown) => void;
  readonly #deletions = new Map<string, string[]>();
  #flushing: Promise<void> | undefined;
  /** Ends the wait for more. */
  #hurry = new AbortController();

  constructor({ queue, clock, knobs }: Pick<Core, "queue" | "clock" | "knobs">, onError: (error: unknown) => void) {
    this.#queue = queue;
    this.#clock = clock;
    this.#waitMs = knobs.deleteAfterMs;
    this.#onError = onError;
  }

  delete(queue: string, receipt: string): void {
    const receipts = this.#deletions.get(queue) ?? [];
    receipts.push(receipt);
    this.#deletions.set(queue, receipts);
    this.#flushing ??= this.#flushSoon();
    if (receipts.length >= FULL) this.#hurry.abort();
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
    await this.#allOf(work);
  }

  /** Resolves when all deletions asked for so far have been done. */
  async settled(): Promise<void> {
    this.#hurry.abort();
    while (this.#flushing !== undefined) await this.#flushing;
  }

  async #flushSoon(): Promise<void> {
    this.#hurry = new AbortController();
    // With nothing to wait for, what is asked for in the same turn goes out together all the same.
    await this.#clock.sleep(this.#waitMs, this.#hurry.signal);
    while (this.#deletions.size > 0) {
      const work = [...this.#deletions].map(([queue, receipts]) => this.#queue.delete(queue, receipts));
      this.#deletions.clear();
      await this.#allOf(work);
    }
    this.#flushing = undefined;
  }

  /** Waits for each, also after one has failed, so that none is under way when the worker ends. */
  async #allOf(work: readonly Promise<unknown>[]): Promise<void> {
    for (const result of await Promise.allSettled(work)) if (result.status === "rejected") this.#onError(result.reason);
  }
}
