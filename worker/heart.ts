import type { Core } from "../core/services/core.ts";
import type { ProcessRef, WorkerRecord } from "../core/worker/worker-record.ts";
import type { Attempts } from "./attempts.ts";
import { Commands } from "./commands.ts";
import type { Intake } from "./intake.ts";
import type { ProgressWriter } from "./progress-writer.ts";
import type { Receipts } from "./receipts.ts";
import { TakeoverWatch } from "./takeover-watch.ts";

export interface HeartOptions {
  readonly id: string;
  readonly pool: string;
  readonly slots: number;
  readonly process?: ProcessRef;
  readonly attempts: Attempts;
  readonly intake: Intake;
  readonly receipts: Receipts;
  readonly progress: ProgressWriter;
  /** Called when the worker is told to drain. */
  readonly drain: () => void;
  readonly onError: (error: unknown) => void;
}

/** How often the progress of an attempt is stored at most. */
const PROGRESS_PERIOD_MS = 1_000;
/** How often is looked, at no cost, for attempts that take too long and for messages that wait too long. */
const LOOK_PERIOD_MS = 1_000;
/** In how many parts of the time that messages stay hidden the hold on them is renewed. */
const RENEWALS = 4;

/**
 * What a worker does once a period while it lives: it says so, renews the hold on its messages, obeys commands, stops
 * attempts that take too long or are no longer its own, and stores what the others report. Each of these goes on by
 * itself: one that fails is told and tried again at its next beat, one that hangs holds up none of the others.
 */
export class Heart {
  readonly #core: Core;
  readonly #options: HeartOptions;
  readonly #commands: Commands;
  readonly #takeovers: TakeoverWatch;
  readonly #startedAtMs: number;
  #beat = 0;

  constructor(core: Core, options: HeartOptions) {
    this.#core = core;
    this.#options = options;
    const { id, attempts, drain } = options;
    this.#commands = new Commands(core, { workerId: id, attempts, drain });
    this.#takeovers = new TakeoverWatch(core, id, attempts);
    this.#startedAtMs = core.clock.nowMs();
  }

  /** Beats until `signal` is aborted and what has begun is done. */
  async keep(signal: AbortSignal): Promise<void> {
    const { heartbeatMs, commandPollMs, visibilityMs } = this.#core.knobs;
    const { intake } = this.#options;
    await Promise.all([
      this.#repeat(LOOK_PERIOD_MS, signal, () => this.#checkTimes()),
      this.#repeat(LOOK_PERIOD_MS, signal, () => intake.giveBackOverdue()),
      // One after the other: observers rely on a heartbeat telling all that was in hand when the one before had ended.
      this.#repeat(heartbeatMs, signal, () => this.#sayItLives()),
      this.#repeat(heartbeatMs, signal, () => this.#takeovers.look()),
      this.#repeat(visibilityMs / RENEWALS, signal, () => this.#keepMessages()),
      this.#repeat(commandPollMs, signal, () => this.#commands.obey()),
      this.#repeat(PROGRESS_PERIOD_MS, signal, () => this.#storeProgress()),
    ]);
  }

  /** Tells the others how this worker is, and what it has in hand. */
  async say(state: WorkerRecord["state"]): Promise<void> {
    this.#beat += 1;
    const { id, pool, slots, process, attempts } = this.#options;
    const begunAtMs = this.#core.clock.monotonicMs();
    await this.#core.workers.put({
      id,
      pool,
      state,
      slots,
      running: attempts.runIds(),
      startedAtMs: this.#startedAtMs,
      beat: this.#beat,
      ...(process === undefined ? {} : { process }),
    });
    this.#takeovers.heard({ begunAtMs });
  }

  async #repeat(periodMs: number, signal: AbortSignal, work: () => Promise<void> | void): Promise<void> {
    while (!signal.aborted) {
      await this.#core.clock.sleep(periodMs, signal);
      if (signal.aborted) return;
      try {
        await work();
      } catch (error) {
        this.#options.onError(error);
      }
    }
  }

  #checkTimes(): void {
    for (const attempt of this.#options.attempts) attempt.checkTime();
  }

  #sayItLives(): Promise<void> {
    return this.say(this.#options.intake.isDraining ? "draining" : "ready");
  }

  async #keepMessages(): Promise<void> {
    const { intake, attempts, receipts } = this.#options;
    await receipts.hide([...intake.held(), ...attempts.held()], this.#core.knobs.visibilityMs);
  }

  async #storeProgress(): Promise<void> {
    const { attempts, progress } = this.#options;
    await Promise.all([...attempts].flatMap((attempt) => progress.write(attempt) ?? []));
  }
}
