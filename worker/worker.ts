import type { RunLogs } from "../core/ports/run-logs.ts";
import type { Core } from "../core/services/core.ts";
import type { ProcessRef } from "../core/worker/worker-record.ts";
import { Attempts } from "./attempts.ts";
import type { Executor } from "./executors/executor.ts";
import { Heart } from "./heart.ts";
import { Intake } from "./intake.ts";
import { ProgressWriter } from "./progress-writer.ts";
import { Receipts } from "./receipts.ts";
import { WOKEN } from "./woken.ts";

export interface WorkerOptions {
  /** Names one life of this worker. */
  readonly id: string;
  readonly pool: string;
  /** Attempts at the same time. */
  readonly slots: number;
  readonly process?: ProcessRef;
  /** How long `drain` lets attempts run on before it stops them and hands them back. */
  readonly drainMs: number;
  readonly executor: Executor;
  readonly logs: RunLogs;
  readonly onError: (error: unknown) => void;
}

/**
 * A worker: receives messages, waits out the last fraction until they are due, claims, executes, finishes, deletes.
 *
 * While it lives, one heartbeat a period says so, renews the hold on its messages and brings what is asked of it. When it
 * dies, its messages become visible again and its silence is noticed; a claim by another takes its runs over.
 */
export class Worker {
  readonly #options: WorkerOptions;
  readonly #receipts: Receipts;
  readonly #attempts: Attempts;
  readonly #intake: Intake;
  readonly #heart: Heart;
  readonly #hurried = Promise.withResolvers<void>();

  constructor(core: Core, options: WorkerOptions) {
    this.#options = options;
    const { id, pool, onError } = options;
    const receipts = new Receipts(core, onError);
    const progress = new ProgressWriter(core, onError);
    const onFree = (): void => this.#intake.wake();
    const drain = (): void => this.drain();
    const attempts = new Attempts(core, { ...options, worker: { id, pool }, receipts, progress, onFree });
    const intake = new Intake(core, { ...options, attempts, receipts });
    this.#heart = new Heart(core, { ...options, attempts, intake, receipts, progress, drain });
    this.#receipts = receipts;
    this.#attempts = attempts;
    this.#intake = intake;
  }

  get id(): string {
    return this.#options.id;
  }

  /** Works until `drain` or `retire` has been called and has come to its end. */
  async run(): Promise<void> {
    const { drainMs, onError } = this.#options;
    await this.#heart.say("ready");
    const stopped = new AbortController();
    const heart = this.#heart.keep(stopped.signal);
    await this.#intake.run();
    await this.#attempts.finishAll(drainMs, this.#hurried.promise);
    await this.#receipts.settled();
    stopped.abort(WOKEN);
    await heart;
    await this.#heart.say("gone").catch(onError);
  }

  /** Takes nothing more, gives back what has not begun, and lets what has begun end, or hands it back after `drainMs`. */
  drain(): void {
    this.#hurried.resolve();
    this.#intake.drain();
  }

  /** Takes nothing more, gives back what has not begun, and lets what has begun end, however long it takes; until `drain`. */
  retire(): void {
    this.#intake.drain();
  }
}
