import { closeSync, futimesSync, openSync, watch, type FSWatcher } from "node:fs";
import type { Clock } from "../../core/ports/clock.ts";
import type { QueueName, StopSignal } from "../../core/ports/queue.ts";

/**
 * Tells waiting receivers that a queue may have messages: those of this process directly, those of other processes by
 * touching a file that each of them watches. A ring is a hint and may be lost (some file systems report no changes),
 * so nobody waits longer than `MAX_SILENCE_MS` without looking.
 */
export class Doorbell {
  readonly #path: string;
  readonly #clock: Clock;
  readonly #file: number;
  readonly #waiting = new Map<QueueName, Set<AbortController>>();
  #watcher: FSWatcher | undefined;
  #touching = false;
  #closed = false;

  constructor(path: string, clock: Clock) {
    this.#path = path;
    this.#clock = clock;
    this.#file = openSync(path, "a");
  }

  /** Wakes everyone who waits for the queue. To be called after the commit. */
  ring(queue: QueueName): void {
    this.#wake(this.#waiting.get(queue));
    if (this.#touching || this.#closed) return;
    this.#touching = true;
    // One touch tells of all messages of one commit, whose promises are fulfilled one after the other.
    queueMicrotask(() => this.#touch());
  }

  /** Resolves at the next ring, after `ms`, or when `signal` is aborted. May resolve for no reason. */
  async wait(queue: QueueName, ms: number, signal: StopSignal | undefined): Promise<void> {
    if (this.#closed || signal?.aborted === true) return;
    this.#watcher ??= this.#watch();
    const controller = new AbortController();
    const waiting = this.#waiting.get(queue) ?? new Set();
    this.#waiting.set(queue, waiting.add(controller));
    const abort = () => controller.abort(WOKEN);
    signal?.addEventListener("abort", abort, { once: true });
    await this.#clock.sleep(Math.min(ms, MAX_SILENCE_MS), controller.signal);
    signal?.removeEventListener("abort", abort);
    waiting.delete(controller);
  }

  /** Wakes everyone; later waits return at once. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#wakeAll();
    this.#watcher?.close();
    closeSync(this.#file);
  }

  get closed(): boolean {
    return this.#closed;
  }

  #touch(): void {
    this.#touching = false;
    if (this.#closed) return;
    const now = this.#clock.nowMs() / 1_000;
    try {
      futimesSync(this.#file, now, now);
    } catch {
      // The others look by themselves.
    }
  }

  /** Without a watcher (there may be no more of them to be had) receivers still look every `MAX_SILENCE_MS`. */
  #watch(): FSWatcher | undefined {
    try {
      const watcher = watch(this.#path, { persistent: false }, () => this.#wakeAll());
      return watcher.on("error", () => watcher.close());
    } catch {
      return undefined;
    }
  }

  #wakeAll(): void {
    for (const waiting of this.#waiting.values()) this.#wake(waiting);
  }

  #wake(waiting: Set<AbortController> | undefined): void {
    if (waiting === undefined) return;
    for (const controller of waiting) controller.abort(WOKEN);
  }
}

/** Whoever waits looks this often by itself. */
export const MAX_SILENCE_MS = 500;
/** Without a reason of its own each abort would build an error, with its stack. */
const WOKEN = "woken";
