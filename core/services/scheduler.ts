import { LeaseKeeper } from "../lease/lease-keeper.ts";
import type { StopSignal } from "../ports/queue.ts";
import type { ProcessRef } from "../worker/worker-record.ts";
import type { Core } from "./core.ts";
import { Pacer } from "./pace.ts";
import { MAX_VISITS_PER_ROUND, visitShard } from "./visit.ts";

export interface SchedulerOptions {
  /** Names one life of this scheduler. */
  readonly id: string;
  readonly process?: ProcessRef;
  /** Told of whatever went wrong in a round; the round is repeated. */
  readonly onError: (error: unknown) => void;
  readonly signal: StopSignal;
}

/** What the scheduler says of itself, for `/readyz`. */
export interface SchedulerState {
  readonly shards: readonly number[];
  /** Monotonic instant of the last round that went well. */
  readonly lastRoundMs: number;
}

const ERROR_REST_MS = 500;

/**
 * A scheduler: keeps leases on its share of the shards and visits what is due in them, sleeping until the next visit or
 * the next look at the index. Any number may run; see `LeaseKeeper`.
 */
export class Scheduler {
  readonly #core: Core;
  readonly #options: SchedulerOptions;
  readonly #leases: LeaseKeeper;
  readonly #pacer: Pacer;
  #lastRoundMs = -Infinity;

  constructor(core: Core, options: SchedulerOptions) {
    this.#core = core;
    this.#options = options;
    this.#pacer = new Pacer(core);
    this.#leases = new LeaseKeeper(core, {
      self: options.id,
      shards: core.knobs.shards,
      durationMs: core.knobs.leaseMs,
      ...(options.process === undefined ? {} : { process: options.process }),
    });
  }

  state(): SchedulerState {
    return { shards: this.#leases.owned(), lastRoundMs: this.#lastRoundMs };
  }

  /** Runs until the signal is aborted; then gives its shards up. */
  async run(): Promise<void> {
    const { signal } = this.#options;
    await Promise.all([this.#keepLeases(), this.#keepVisiting()]);
    if (signal.aborted) await this.#leases.release().catch(this.#options.onError);
  }

  async #keepLeases(): Promise<void> {
    const { clock, knobs } = this.#core;
    const { signal, onError } = this.#options;
    while (!signal.aborted) {
      await this.#leases.round().catch(onError);
      await clock.sleep(knobs.leaseMs / 3, signal);
    }
  }

  async #keepVisiting(): Promise<void> {
    const { clock } = this.#core;
    const { signal, onError } = this.#options;
    while (!signal.aborted) {
      let restMs = ERROR_REST_MS;
      try {
        restMs = await this.#round();
        this.#lastRoundMs = clock.monotonicMs();
      } catch (error) {
        onError(error);
      }
      await clock.sleep(restMs, signal);
    }
  }

  /** Visits all owned shards once; returns how long to rest. */
  async #round(): Promise<number> {
    const { clock, due, knobs, metrics } = this.#core;
    let restMs = knobs.pollMs;
    if (await this.#pacer.isStopped()) return restMs;
    for (const shard of this.#leases.owned()) {
      const { visited, failures } = await visitShard(this.#core, shard);
      for (const failure of failures) this.#options.onError(failure);
      if (visited > 0) metrics.count("entries_visited", {}, visited);
      const nextMs = visited >= MAX_VISITS_PER_ROUND ? 0 : (await due.next(shard))?.visitAtMs;
      if (nextMs !== undefined) restMs = Math.min(restMs, Math.max(0, nextMs - clock.nowMs()));
    }
    return restMs;
  }
}
