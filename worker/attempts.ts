import type { RunLogs } from "../core/ports/run-logs.ts";
import type { AttemptResult } from "../core/run/attempt-result.ts";
import { messageKey } from "../core/run/message.ts";
import { formatRunId } from "../core/run/run-id.ts";
import type { WorkerRef } from "../core/run/run.ts";
import { type Claim, claimRun, PATIENT_RECEIVES } from "../core/services/claim-run.ts";
import type { Core } from "../core/services/core.ts";
import { type Finish, finishRun } from "../core/services/finish-run.ts";
import { Attempt } from "./attempt.ts";
import { Bell } from "./bell.ts";
import type { Executor } from "./executors/executor.ts";
import type { Held } from "./inbox.ts";
import type { ProgressWriter } from "./progress-writer.ts";
import type { Receipts } from "./receipts.ts";
import { atMost } from "./woken.ts";

export interface AttemptsOptions {
  readonly worker: WorkerRef;
  readonly executor: Executor;
  readonly logs: RunLogs;
  readonly receipts: Receipts;
  readonly progress: ProgressWriter;
  /** Called whenever a message has left the worker's hands. */
  readonly onFree: () => void;
  readonly onError: (error: unknown) => void;
}

type Claimed = Extract<Claim, { kind: "claimed" }>;

/** Below this, an attempt is short. */
const SHORT_ATTEMPT_MS = 50;
const HANDING_BACK_GRACE_MS = 5_000;
/** How long a message is hidden whose run this worker has in hand already, and how often before it is deleted. */
const DUPLICATE_REST_MS = 2_000;
/** How long a message is hidden that could not be handled. */
const FAILED_REST_MS = 5_000;
/** A message is hidden for so long at most; one that is due later comes back and is hidden again. */
const MAX_HIDE_MS = 900_000;
/** A result that can't be stored is offered again for about ten minutes; then the run is left to be found without a holder. */
const MAX_FINISH_ATTEMPTS = 120;
const FINISH_REST_MS = 100;
const MAX_FINISH_REST_MS = 5_000;

/** What a worker has in hand: messages that it claims, and attempts that it executes and finishes. */
export class Attempts implements Iterable<Attempt> {
  readonly #core: Core;
  readonly #options: AttemptsOptions;
  readonly #claiming = new Set<Held>();
  readonly #executing = new Map<string, { attempt: Attempt; held: Held }>();
  #idleBell: Bell | undefined;
  #isHandingBack = false;
  #typicalMs = SHORT_ATTEMPT_MS * 2;

  constructor(core: Core, options: AttemptsOptions) {
    this.#core = core;
    this.#options = options;
  }

  /** How many slots are taken. */
  get busy(): number {
    return this.#executing.size + this.#claiming.size;
  }

  /** Whether the next attempt will most likely be over in no time. */
  get areShort(): boolean {
    return this.#typicalMs < SHORT_ATTEMPT_MS;
  }

  /** Ids of the runs that are being claimed or executed. */
  runIds(): string[] {
    return [...new Set([...this.#executing.keys(), ...[...this.#claiming].map(runIdOf)])];
  }

  *held(): Iterable<Held> {
    yield* this.#claiming;
    for (const { held } of this.#executing.values()) yield held;
  }

  *[Symbol.iterator](): Iterator<Attempt> {
    for (const { attempt } of this.#executing.values()) yield attempt;
  }

  find(runId: string): Attempt | undefined {
    return this.#executing.get(runId)?.attempt;
  }

  /** Handles one message to its end. Never rejects: what fails is left to the message's next delivery. */
  async handle(held: Held): Promise<void> {
    if (this.#executing.has(runIdOf(held))) return this.#putOff(held);
    this.#claiming.add(held);
    const { worker, receipts, onError, onFree } = this.#options;
    try {
      const claim = await claimRun(this.#core, held.message, worker, held.receives);
      if (claim.kind === "claimed") await this.#execute(held, claim);
      else if (claim.kind === "done") receipts.delete(held.queue, held.receipt);
      else await receipts.hide([held], Math.min(MAX_HIDE_MS, Math.ceil(claim.inMs)));
    } catch (error) {
      onError(error);
      // Sooner than when its visibility ends: what failed may well succeed the next time.
      await receipts.hide([held], Math.min(FAILED_REST_MS, this.#core.knobs.visibilityMs));
    } finally {
      this.#claiming.delete(held);
      onFree();
      if (this.busy === 0) this.#idleBell?.ring();
    }
  }

  /** Waits for what has begun; `drainMs` after `hurried` has resolved it is stopped and handed back, uncharged. */
  async finishAll(drainMs: number, hurried: Promise<void>): Promise<void> {
    if (this.busy === 0) return;
    this.#idleBell = new Bell();
    const idle = this.#idleBell.wait();
    await Promise.race([idle, hurried]);
    await atMost(this.#core.clock, drainMs, idle);
    if (this.busy === 0) return;
    this.#isHandingBack = true;
    for (const attempt of this) attempt.stop({ kind: "drain", graceMs: HANDING_BACK_GRACE_MS });
    await idle;
  }

  /** A duplicate: the run is in this worker's hands already, whatever the others may think of it. */
  async #putOff(held: Held): Promise<void> {
    const { receipts, onFree } = this.#options;
    if (held.receives > PATIENT_RECEIVES) receipts.delete(held.queue, held.receipt);
    else await receipts.hide([held], DUPLICATE_REST_MS);
    onFree();
  }

  async #execute(held: Held, claim: Claimed): Promise<void> {
    const { clock, metrics, knobs } = this.#core;
    const { executor, logs, onError, progress, receipts } = this.#options;
    const attempt = new Attempt({ clock, logs, executor, logFlushMs: knobs.logFlushMs, onError }, claim.run, claim.job);
    this.#claiming.delete(held);
    this.#executing.set(attempt.runId, { attempt, held });
    if (this.#isHandingBack) attempt.stop({ kind: "drain", graceMs: HANDING_BACK_GRACE_MS });
    try {
      if (claim.run.attempt === 1) metrics.observe("run_start_lateness_ms", claim.run.startedAtMs - claim.run.dueAtMs);
      const result = await attempt.execute();
      const tookMs = clock.monotonicMs() - attempt.startedAtMs;
      this.#typicalMs += (tookMs - this.#typicalMs) / 8;
      const written = progress.write(attempt);
      if (written !== undefined) await written;
      const finish = await this.#finish(claim, result);
      if (finish.kind === "finished") receipts.delete(held.queue, held.receipt);
    } finally {
      this.#executing.delete(attempt.runId);
    }
  }

  /** Stores the result, again and again if need be: while the worker lives and tells of the run, nobody else takes it over. */
  async #finish(claim: Claimed, result: AttemptResult): Promise<Finish> {
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
}

function runIdOf({ message }: Held): string {
  return formatRunId(messageKey(message));
}
