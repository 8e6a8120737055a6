import { PRIORITIES, type Priority } from "../core/job/definition.ts";
import type { RunLogs } from "../core/ports/run-logs.ts";
import { decodeMessage, messageKey, queueName } from "../core/run/message.ts";
import { formatRunId } from "../core/run/run-id.ts";
import type { WorkerRef } from "../core/run/run.ts";
import type { AttemptResult } from "../core/run/attempt-result.ts";
import { type Claim, claimRun } from "../core/services/claim-run.ts";
import type { Core } from "../core/services/core.ts";
import { type Finish, finishRun, reportProgress } from "../core/services/finish-run.ts";
import type { ProcessRef, WorkerCommand } from "../core/worker/worker-record.ts";
import { Attempt } from "./attempt.ts";
import { Bell } from "./bell.ts";
import type { Executor } from "./executors/executor.ts";
import { type Held, Inbox } from "./inbox.ts";
import { Receipts } from "./receipts.ts";

export interface WorkerOptions {
  /** Names one life of this worker. */
  readonly id: string;
  readonly pool: string;
  /** Attempts at the same time. */
  readonly slots: number;
  readonly process?: ProcessRef;
  /** How long a drain lets attempts run on before it stops them and hands them back. */
  readonly drainMs: number;
  readonly executor: Executor;
  readonly logs: RunLogs;
  readonly onError: (error: unknown) => void;
}

const LONG_POLL_MS = 20_000;
/** Below this, an attempt is short: messages for the next ones are fetched while all slots are taken. */
const SHORT_ATTEMPT_MS = 50;
/** A due message that found no slot for so long goes back to the queue, where another worker may take it. */
const GIVE_BACK_AFTER_MS = 2_000;
const HANDING_BACK_GRACE_MS = 5_000;
/** How long a message is hidden whose run this worker has in hand already, and how often before it is deleted. */
const DUPLICATE_REST_MS = 2_000;
const PATIENT_RECEIVES = 3;
/** A message is hidden for so long at most; one that is due later comes back and is hidden again. */
const MAX_HIDE_MS = 900_000;
/** A result that can't be stored is offered again for about ten minutes; then the run is left to be found without a holder. */
const MAX_FINISH_ATTEMPTS = 120;
const FINISH_REST_MS = 100;
const MAX_FINISH_REST_MS = 5_000;

/**
 * A worker: receives messages, waits out the last fraction until they are due, claims, executes, finishes, deletes.
 *
 * While it lives, one heartbeat a period says so, renews the hold on its messages and brings what is asked of it. When it
 * dies, its messages become visible again and its silence is noticed; a claim by another takes its runs over.
 */
export class Worker {
  readonly #core: Core;
  readonly #options: WorkerOptions;
  readonly #ref: WorkerRef;
  readonly #inbox = new Inbox();
  readonly #receipts: Receipts;
  readonly #attempts = new Map<string, { attempt: Attempt; held: Held }>();
  readonly #claiming = new Set<Held>();
  readonly #draining = new AbortController();
  readonly #startedAtMs: number;
  readonly #dispatchBell = new Bell();
  readonly #roomBells = PRIORITIES.map(() => new Bell());
  readonly #seenCommands = new Set<string>();
  #idleBell: Bell | undefined;
  #isHandingBack = false;
  #beat = 0;
  #typicalMs = SHORT_ATTEMPT_MS * 2;

  constructor(core: Core, options: WorkerOptions) {
    this.#core = core;
    this.#options = options;
    this.#ref = { id: options.id, pool: options.pool };
    this.#receipts = new Receipts(core.queue, options.onError);
    this.#startedAtMs = core.clock.nowMs();
  }

  get id(): string {
    return this.#options.id;
  }

  /** Works until `drain` has been called and has come to its end. */
  async run(): Promise<void> {
    await this.#saySo("ready");
    const stopped = new AbortController();
    const heart = this.#keepHeart(stopped.signal);
    await Promise.all([...PRIORITIES.map((priority, index) => this.#poll(priority, index)), this.#dispatch()]);
    await this.#finishAttempts();
    await this.#receipts.settled();
    stopped.abort();
    await heart;
    await this.#saySo("gone").catch(this.#options.onError);
  }

  /** Takes nothing more, gives back what has not begun, and lets what has begun end, or hands it back after `drainMs`. */
  drain(): void {
    if (this.#draining.signal.aborted) return;
    this.#draining.abort();
    this.#dispatchBell.ring();
    for (const bell of this.#roomBells) bell.ring();
  }

  get #busy(): number {
    return this.#attempts.size + this.#claiming.size;
  }

  /** How many more messages may be held. */
  #room(): number {
    const { slots } = this.#options;
    const ahead = this.#typicalMs < SHORT_ATTEMPT_MS ? slots : 0;
    return Math.min(MAX_RECEIVED, slots + ahead - this.#busy - this.#inbox.size);
  }

  async #poll(priority: Priority, index: number): Promise<void> {
    const { queue, knobs, clock } = this.#core;
    const name = queueName(this.#options.pool, priority);
    const { signal } = this.#draining;
    while (!signal.aborted) {
      const max = this.#room();
      if (max <= 0) {
        await this.#roomBells[index]?.wait();
        continue;
      }
      try {
        const received = await queue.receive(name, {
          max,
          waitMs: LONG_POLL_MS,
          visibilityMs: knobs.visibilityMs,
          signal,
        });
        for (const { body, receipt, receives } of received) {
          const message = decodeMessage(body);
          if (message === undefined) {
            this.#options.onError(
              new Error(`Cannot read a message of queue "${name}": not a run message of a known version`),
            );
            continue; // Left alone, it becomes a dead letter, where people can look at it.
          }
          const held = { queue: name, receipt, receives, message };
          if (signal.aborted) await this.#receipts.hide([held], 0);
          else this.#inbox.add(priority, held);
        }
        if (received.length > 0) this.#dispatchBell.ring();
      } catch (error) {
        this.#options.onError(error);
        await clock.sleep(knobs.heartbeatMs, signal);
      }
    }
  }

  /** Starts what is due while slots are free; sleeps until the next message is due. */
  async #dispatch(): Promise<void> {
    const { clock } = this.#core;
    const { signal } = this.#draining;
    while (!signal.aborted) {
      const nowMs = clock.nowMs();
      while (this.#busy < this.#options.slots) {
        const held = this.#inbox.take(nowMs);
        if (held === undefined) break;
        void this.#handle(held);
      }
      const nextMs = this.#busy < this.#options.slots ? this.#inbox.nextDueMs() : undefined;
      if (nextMs === undefined) {
        await this.#dispatchBell.wait();
        continue;
      }
      const timer = new AbortController();
      await Promise.race([clock.sleep(nextMs - clock.nowMs(), timer.signal), this.#dispatchBell.wait()]);
      this.#dispatchBell.forget();
      timer.abort(WOKEN);
    }
    await this.#receipts.hide(
      this.#inbox.remove(() => true),
      0,
    );
  }

  /** Handles one message to its end. Never rejects: what fails is left to the message's next delivery. */
  async #handle(held: Held): Promise<void> {
    if (this.#attempts.has(runIdOf(held))) return this.#putOff(held);
    this.#claiming.add(held);
    try {
      const claim = await claimRun(this.#core, held.message, this.#ref, held.receives);
      if (claim.kind === "claimed") await this.#execute(held, claim);
      else if (claim.kind === "done") this.#receipts.delete(held.queue, held.receipt);
      else await this.#receipts.hide([held], Math.min(MAX_HIDE_MS, Math.ceil(claim.inMs)));
    } catch (error) {
      this.#options.onError(error);
    } finally {
      this.#claiming.delete(held);
      this.#dispatchBell.ring();
      for (const bell of this.#roomBells) bell.ring();
      if (this.#busy === 0) this.#idleBell?.ring();
    }
  }

  /** A duplicate: the run is in this worker's hands already, whatever the others may think of it. */
  async #putOff(held: Held): Promise<void> {
    if (held.receives > PATIENT_RECEIVES) this.#receipts.delete(held.queue, held.receipt);
    else await this.#receipts.hide([held], DUPLICATE_REST_MS);
  }

  async #execute(held: Held, claim: Extract<Claim, { kind: "claimed" }>): Promise<void> {
    const { clock, metrics } = this.#core;
    const { executor, logs, onError } = this.#options;
    const attempt = new Attempt({ clock, logs, executor, onError }, claim.run, claim.job);
    this.#claiming.delete(held);
    this.#attempts.set(attempt.runId, { attempt, held });
    if (this.#isHandingBack) attempt.stop({ kind: "drain", graceMs: HANDING_BACK_GRACE_MS });
    try {
      if (claim.run.attempt === 1) metrics.observe("run_start_lateness_ms", claim.run.startedAtMs - claim.run.dueAtMs);
      const result = await attempt.execute();
      const tookMs = clock.monotonicMs() - attempt.startedAtMs;
      this.#typicalMs += (tookMs - this.#typicalMs) / 8;
      const progress = attempt.takeProgress();
      if (progress !== undefined) await reportProgress(this.#core, claim.run, progress).catch(onError);
      const finish = await this.#finish(claim, result);
      if (finish.kind === "finished") this.#receipts.delete(held.queue, held.receipt);
    } finally {
      this.#attempts.delete(attempt.runId);
    }
  }

  /** Stores the result, again and again if need be: while the worker lives and tells of the run, nobody else takes it over. */
  async #finish(claim: Extract<Claim, { kind: "claimed" }>, result: AttemptResult): Promise<Finish> {
    for (let attempt = 1, restMs = FINISH_REST_MS; ; attempt += 1) {
      try {
        return await finishRun(this.#core, claim, result);
      } catch (error) {
        if (attempt >= MAX_FINISH_ATTEMPTS) throw error;
        this.#options.onError(error);
      }
      await this.#core.clock.sleep(restMs);
      restMs = Math.min(MAX_FINISH_REST_MS, restMs * 2);
    }
  }

  async #keepHeart(signal: AbortSignal): Promise<void> {
    const { clock, knobs } = this.#core;
    while (!signal.aborted) {
      await clock.sleep(knobs.heartbeatMs, signal);
      if (signal.aborted) return;
      await this.#beatOnce().catch(this.#options.onError);
    }
  }

  async #beatOnce(): Promise<void> {
    const { knobs, workers } = this.#core;
    const isDraining = this.#draining.signal.aborted;
    await this.#saySo(isDraining ? "draining" : "ready");
    await this.#giveBackOverdue();
    const held = [...this.#inbox.held(), ...this.#claiming, ...[...this.#attempts.values()].map((entry) => entry.held)];
    await this.#receipts.hide(held, knobs.visibilityMs);
    for (const { attempt } of this.#attempts.values()) {
      attempt.checkTime();
      const progress = attempt.takeProgress();
      if (progress === undefined) continue;
      const isOurs = await reportProgress(this.#core, attempt.run, progress);
      if (!isOurs) attempt.stop({ kind: "fenced", graceMs: 0 });
    }
    for (const command of await workers.commands(this.id)) await this.#obey(command);
  }

  async #saySo(state: "ready" | "draining" | "gone"): Promise<void> {
    this.#beat += 1;
    const { id, pool, slots, process } = this.#options;
    await this.#core.workers.put({
      id,
      pool,
      state,
      slots,
      running: [...new Set([...this.#attempts.keys(), ...[...this.#claiming].map(runIdOf)])],
      startedAtMs: this.#startedAtMs,
      beat: this.#beat,
      ...(process === undefined ? {} : { process }),
    });
  }

  async #giveBackOverdue(): Promise<void> {
    const { slots } = this.#options;
    if (this.#busy < slots || this.#typicalMs < SHORT_ATTEMPT_MS) return;
    const overdueMs = this.#core.clock.nowMs() - GIVE_BACK_AFTER_MS;
    await this.#receipts.hide(
      this.#inbox.remove(({ message }) => message.dueAtMs < overdueMs),
      0,
    );
  }

  async #obey(command: WorkerCommand): Promise<void> {
    if (command.kind === "drain") {
      await this.#core.workers.forgetCommand(this.id, command);
      this.drain();
      return;
    }
    const { runId, epoch, graceMs } = command;
    const key = `${runId}#${epoch}`;
    const entry = this.#attempts.get(runId);
    if (entry !== undefined && entry.attempt.epoch === epoch) {
      entry.attempt.stop({ kind: "cancel", graceMs });
    } else if (!this.#seenCommands.has(key)) {
      // The attempt may be about to begin: the command is obeyed or dropped when it is seen next.
      this.#seenCommands.add(key);
      return;
    }
    this.#seenCommands.delete(key);
    await this.#core.workers.forgetCommand(this.id, command);
  }

  /** Waits for what has begun; after `drainMs` it is stopped and handed back, uncharged. */
  async #finishAttempts(): Promise<void> {
    if (this.#busy === 0) return;
    const { clock } = this.#core;
    this.#idleBell = new Bell();
    const idle = this.#idleBell.wait();
    const timer = new AbortController();
    await Promise.race([idle, clock.sleep(this.#options.drainMs, timer.signal)]);
    timer.abort(WOKEN);
    if (this.#busy === 0) return;
    this.#isHandingBack = true;
    for (const { attempt } of this.#attempts.values()) attempt.stop({ kind: "drain", graceMs: HANDING_BACK_GRACE_MS });
    await idle;
  }
}

function runIdOf({ message }: Held): string {
  return formatRunId(messageKey(message));
}

/** As many as one receive may bring. */
const MAX_RECEIVED = 1_000;

/** Without a reason of its own each abort would build an error, with its stack. */
const WOKEN = "woken";
