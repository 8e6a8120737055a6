import {
  type PoolLimits,
  type PoolLoad,
  type PoolSize,
  QUIET_LOOKS,
  resized,
  tasksFor,
  tasksForPeak,
} from "../fleet/pool-size.ts";
import { PRIORITIES } from "../job/definition.ts";
import type { Fleet } from "../ports/fleet.ts";
import type { Queue } from "../ports/queue.ts";
import type { Table } from "../ports/table.ts";
import { queueName } from "../run/message.ts";
import { keys } from "../store/keys.ts";
import type { Rung } from "./core.ts";

export type Pools = Readonly<Record<string, PoolLimits>>;

export interface PoolSizerPorts {
  readonly table: Table;
  readonly queue: Queue;
  readonly fleet: Pick<Fleet, "resize">;
}

/** Runs due within so long of each other are taken to run at the same time. */
const PEAK_WINDOW_MS = 10_000;
/** A pool that has fallen asleep is looked at a few times more: counts of a queue lag behind what was sent. */
const LOOKS_ASLEEP = 3;
const ASLEEP: PoolSize = { tasks: 0, quietLooks: QUIET_LOOKS + LOOKS_ASLEEP, quietTasks: 0 };

/**
 * Sizes pools from and to zero. Whoever rings for runs wakes their pool, as far ahead of them as they are rung for, so
 * that a worker is there when they are due; what waits in the queues makes it grow; quiet makes it shrink.
 *
 * The fleet is told before the record is written when a pool grows, and every look tells it again: a crash in between
 * costs a minute of a worker, never a run.
 */
export class PoolSizer {
  readonly #ports: PoolSizerPorts;
  readonly #pools: Pools;
  #noted = new Map<string, Map<number, number>>();

  constructor(ports: PoolSizerPorts, pools: Pools) {
    this.#ports = ports;
    this.#pools = pools;
  }

  /** Takes note of runs that have been rung for. */
  note(rung: readonly Rung[]): void {
    for (const { pool, dueAtMs } of rung) {
      if (this.#pools[pool] === undefined) continue;
      const peaks = this.#noted.get(pool) ?? new Map<number, number>();
      const window = Math.floor(dueAtMs / PEAK_WINDOW_MS);
      peaks.set(window, (peaks.get(window) ?? 0) + 1);
      this.#noted.set(pool, peaks);
    }
  }

  /** Makes the pools large enough for what has been noted. */
  async grow(): Promise<void> {
    const noted = this.#noted;
    this.#noted = new Map();
    await Promise.all(
      [...noted].map(async ([pool, peaks]) => {
        const limits = this.#pools[pool];
        if (limits !== undefined) await this.#growTo(pool, tasksForPeak(Math.max(...peaks.values()), limits));
      }),
    );
  }

  /**
   * Looks at the load of the pools that are awake, or of all, and sizes them.
   *
   * @returns whether any worker is wanted now
   */
  async settle({ all }: { readonly all: boolean }): Promise<boolean> {
    const sizes = await Promise.all(
      Object.entries(this.#pools).map(async ([pool, limits]) => {
        const { size, rev } = await this.#find(pool);
        const isAsleep = size.tasks === 0 && size.quietLooks >= ASLEEP.quietLooks;
        if (isAsleep && !all) return 0;
        const wanted = tasksFor(await this.#load(pool), limits);
        const next = size.tasks === 0 && wanted === 0 ? fallenAsleep(size) : resized(size, wanted);
        if (next.tasks > size.tasks) await this.#ports.fleet.resize(pool, next.tasks);
        const isChanged = next.tasks !== size.tasks || next.quietLooks !== size.quietLooks;
        const isOurs = !isChanged || (await this.#ports.table.put(keys.poolSize(pool), next, rev ?? "absent")).ok;
        // Another who has sized it meanwhile has seen more than we have.
        if (isOurs && next.tasks <= size.tasks) await this.#ports.fleet.resize(pool, next.tasks);
        return next.tasks;
      }),
    );
    return sizes.some((tasks) => tasks > 0);
  }

  /** Whether any pool has workers, or was told to. */
  async isAwake(): Promise<boolean> {
    const sizes = await Promise.all(Object.keys(this.#pools).map((pool) => this.#find(pool)));
    return sizes.some(({ size }) => size.tasks > 0);
  }

  async #growTo(pool: string, tasks: number): Promise<void> {
    for (;;) {
      const { size, rev } = await this.#find(pool);
      if (size.tasks >= tasks) return;
      await this.#ports.fleet.resize(pool, tasks);
      const written = await this.#ports.table.put(keys.poolSize(pool), resized(size, tasks), rev ?? "absent");
      if (written.ok) return;
    }
  }

  async #find(pool: string): Promise<{ size: PoolSize; rev?: number }> {
    const stored = await this.#ports.table.get(keys.poolSize(pool));
    return stored === undefined ? { size: ASLEEP } : { size: stored.body as PoolSize, rev: stored.rev };
  }

  async #load(pool: string): Promise<PoolLoad> {
    const depths = await Promise.all(PRIORITIES.map((priority) => this.#ports.queue.depth(queueName(pool, priority))));
    return {
      visible: depths.reduce((sum, depth) => sum + depth.visible, 0),
      inFlight: depths.reduce((sum, depth) => sum + depth.inFlight, 0),
      delayed: depths.reduce((sum, depth) => sum + depth.delayed, 0),
    };
  }
}

function fallenAsleep(size: PoolSize): PoolSize {
  return { ...size, quietLooks: Math.min(ASLEEP.quietLooks, size.quietLooks + 1) };
}
