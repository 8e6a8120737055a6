import { ENGINE_POOL } from "../../core/fleet/pool-size.ts";
import { PRIORITIES } from "../../core/job/priority.ts";
import type { ReceivedMessage } from "../../core/ports/queue.ts";
import type { AttemptResult } from "../../core/run/attempt-result.ts";
import { decodeMessage, queueName } from "../../core/run/message.ts";
import { formatRunId } from "../../core/run/run-id.ts";
import type { RunningRun } from "../../core/run/run.ts";
import { type Claim, claimRun } from "../../core/services/claim-run.ts";
import type { Core } from "../../core/services/core.ts";
import { finishRun } from "../../core/services/finish-run.ts";
import { handleEngineMessage } from "../../core/services/workflow/engine-message.ts";

/** What an attempt does: how long it takes and how it ends. */
export interface Behaviour {
  readonly takesMs: number;
  readonly result: AttemptResult;
}

interface Work {
  readonly claim: Extract<Claim, { kind: "claimed" }>;
  readonly queue: string;
  readonly receipt: string;
  readonly endsAtMs: number;
  readonly result: AttemptResult;
}

/**
 * The simplest worker that keeps the rules: it beats, receives, claims, and finishes each attempt when its time is over.
 * It takes one step at a time, when it is told to.
 */
export class TestWorker {
  readonly id: string;
  readonly pool: string;
  readonly slots: number;
  readonly #core: Core;
  readonly #behave: (run: RunningRun) => Behaviour;
  readonly #working = new Map<string, Work>();
  readonly #startedAtMs: number;
  #beat = 0;

  constructor(
    core: Core,
    options: { id: string; pool: string; slots: number; behave: (run: RunningRun) => Behaviour },
  ) {
    this.#core = core;
    this.id = options.id;
    this.pool = options.pool;
    this.slots = options.slots;
    this.#behave = options.behave;
    this.#startedAtMs = core.clock.nowMs();
  }

  /** One heartbeat: says that it lives, renews the hold on its messages, obeys. */
  async beat(): Promise<void> {
    this.#beat += 1;
    const { id, pool, slots } = this;
    const running = [...this.#working.keys()];
    const { workers, queue, knobs } = this.#core;
    await workers.put({ id, pool, slots, state: "ready", running, startedAtMs: this.#startedAtMs, beat: this.#beat });
    for (const work of this.#working.values()) await queue.extend(work.queue, [work.receipt], knobs.visibilityMs);
    for (const command of await workers.commands(id)) {
      await workers.forgetCommand(id, command);
      if (command.kind !== "stop") continue;
      const work = this.#working.get(command.runId);
      if (work === undefined || work.claim.run.epoch !== command.epoch) continue;
      const stop = { confirmed: true, evidence: "stopped at once" };
      await this.#finish({ ...work, result: { kind: "stopped", reason: "cancel", stop } });
    }
  }

  /** Finishes what is over and takes what it has room for; says whether it did anything. */
  async step(): Promise<boolean> {
    let isBusy = false;
    const nowMs = this.#core.clock.nowMs();
    for (const work of this.#working.values()) {
      if (work.endsAtMs > nowMs) continue;
      await this.#finish(work);
      isBusy = true;
    }
    for (const priority of PRIORITIES) {
      const name = queueName(this.pool, priority);
      const room = this.slots - this.#working.size;
      if (room <= 0) break;
      const { visibilityMs } = this.#core.knobs;
      const received = await this.#core.queue.receive(name, { max: room, waitMs: 0, visibilityMs });
      for (const held of received) {
        isBusy = true;
        const { body, receipt, receives } = held;
        if (this.pool === ENGINE_POOL) {
          await this.#carry(name, held);
          continue;
        }
        const message = decodeMessage(body);
        if (message === undefined) continue;
        await this.#take({ queue: name, receipt }, await this.#claim(message, receives));
      }
    }
    return isBusy;
  }

  /** Hands a running attempt back, as a worker does that is drained. */
  async drain(): Promise<void> {
    const stop = { confirmed: true, evidence: "drained" };
    for (const work of this.#working.values())
      await this.#finish({ ...work, result: { kind: "stopped", reason: "drain", stop } });
  }

  /** As the engine does with a message of its own. */
  async #carry(queue: string, held: ReceivedMessage): Promise<void> {
    const verdict = await handleEngineMessage(this.#core, held);
    if (verdict.kind === "delete") await this.#core.queue.delete(queue, [held.receipt]);
    else await this.#core.queue.extend(queue, [held.receipt], verdict.forMs);
  }

  #claim(message: Parameters<typeof claimRun>[1], receives: number): Promise<Claim> {
    return claimRun(this.#core, message, { id: this.id, pool: this.pool }, receives);
  }

  async #take({ queue, receipt }: { queue: string; receipt: string }, claim: Claim): Promise<void> {
    if (claim.kind === "done") return this.#core.queue.delete(queue, [receipt]);
    if (claim.kind === "later") return this.#core.queue.extend(queue, [receipt], Math.ceil(claim.inMs));
    const { takesMs, result } = this.#behave(claim.run);
    const endsAtMs = this.#core.clock.nowMs() + takesMs;
    this.#working.set(formatRunId(claim.run), { claim, queue, receipt, endsAtMs, result });
  }

  async #finish({ claim, queue, receipt, result }: Work): Promise<void> {
    await finishRun(this.#core, claim, result);
    this.#working.delete(formatRunId(claim.run));
    await this.#core.queue.delete(queue, [receipt]);
  }
}
