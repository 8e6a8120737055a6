import {
  isSameSize,
  type PoolLimits,
  type PoolLoad,
  type PoolSize,
  resized,
  tasksFor,
  tasksForPeak,
} from "../fleet/pool-size.ts";
import { PRIORITIES } from "../job/priority.ts";
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

/** What the workers of a pool say that they have in hand. */
export type PoolWork = Pick<PoolLoad, "running" | "busyWorkers">;

const NO_WORK: PoolWork = { running: 0, busyWorkers: 0 };
/** Runs due within so long of each other are taken to run at the same time. */
const PEAK_WINDOW_MS = 10_000;
const NONE: PoolSize = { tasks: 0, quietLooks: 0, quietTasks: 0 };

interface StoredSize {
  readonly size: PoolSize;
  readonly rev: number | undefined;
}

/**
 * Sizes pools from and to zero. Whoever rings for runs wakes their pool, as far ahead of them as they are rung for, so
 * that a worker is there when they are due; what waits in the queues makes it grow; quiet makes it shrink.
 *
 * A record says what a pool is meant to be. It is written first, by compare-and-set, then the fleet is told; whoever has
 * told it looks at the record once more, so of two who size a pool at the same time the one who was told last is right.
 * Every look tells the fleet again, which makes good what a crash in between has left.
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

  /** Makes the pools large enough for what has been noted. @throws {AggregateError} when that failed for some */
  async grow(): Promise<void> {
    const noted = this.#noted;
    this.#noted = new Map();
    await allOf([...noted], async ([pool, peaks]) => {
      const limits = this.#pools[pool];
      if (limits === undefined) return;
      const tasks = tasksForPeak(Math.max(...peaks.values()), limits);
      // One that is large enough has been rung for all the same: it is not quiet.
      await this.#change(pool, (size) => resized(size, Math.max(size.tasks, tasks)));
    });
  }

  /**
   * Looks at the load of all pools, and sizes them.
   *
   * @param work - what the workers of each pool have in hand
   * @throws {AggregateError} when that failed for some; the others are sized
   */
  async settle(work: ReadonlyMap<string, PoolWork> = new Map()): Promise<void> {
    await allOf(Object.entries(this.#pools), async ([pool, limits]) => {
      const tasks = tasksFor(await this.#load(pool, work.get(pool) ?? NO_WORK), limits);
      const isTold = await this.#change(pool, (size) => resized(size, tasks));
      if (!isTold) await this.#tell(pool);
    });
  }

  /** Whether any pool has workers, or was told to. */
  async isAwake(): Promise<boolean> {
    const sizes = await Promise.all(Object.keys(this.#pools).map((pool) => this.#find(pool)));
    return sizes.some(({ size }) => size.tasks > 0);
  }

  /** Changes the record, and tells the fleet when the number of tasks has changed; returns whether it was told. */
  async #change(pool: string, next: (size: PoolSize) => PoolSize): Promise<boolean> {
    for (;;) {
      const { size, rev } = await this.#find(pool);
      const changed = next(size);
      if (isSameSize(changed, size)) return false;
      const written = await this.#ports.table.put(keys.poolSize(pool), changed, rev ?? "absent");
      if (!written.ok) continue;
      if (changed.tasks === size.tasks) return false;
      await this.#tell(pool);
      return true;
    }
  }

  async #tell(pool: string): Promise<void> {
    let { size, rev } = await this.#find(pool);
    for (;;) {
      await this.#ports.fleet.resize(pool, size.tasks);
      const now = await this.#find(pool);
      if (now.size.tasks === size.tasks || now.rev === rev) return;
      ({ size, rev } = now);
    }
  }

  async #find(pool: string): Promise<StoredSize> {
    const stored = await this.#ports.table.get(keys.poolSize(pool));
    return { size: (stored?.body as PoolSize | undefined) ?? NONE, rev: stored?.rev };
  }

  async #load(pool: string, work: PoolWork): Promise<PoolLoad> {
    const depths = await Promise.all(PRIORITIES.map((priority) => this.#ports.queue.depth(queueName(pool, priority))));
    return {
      visible: depths.reduce((sum, depth) => sum + depth.visible, 0),
      inFlight: depths.reduce((sum, depth) => sum + depth.inFlight, 0),
      delayed: depths.reduce((sum, depth) => sum + depth.delayed, 0),
      ...work,
    };
  }
}

/** Does the work for each item, whatever becomes of the others. */
async function allOf<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const outcomes = await Promise.allSettled(items.map(work));
  const errors = outcomes.flatMap((outcome) => (outcome.status === "rejected" ? [outcome.reason as unknown] : []));
  if (errors.length > 0) throw new AggregateError(errors, `Cannot size pools: ${errors.map(String).join("; ")}`);
}
