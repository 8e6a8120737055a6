/** Where jobs run that name no pool. */
export const DEFAULT_POOL = "default";

/** Where the engine rings itself, for what no worker holds: see `CarriedRun`. No job may name it. */
export const ENGINE_POOL = "engine";

/** How a pool may be sized: workers of `slots` attempts each, between `minTasks` and `maxTasks` of them. */
export interface PoolLimits {
  readonly slots: number;
  readonly minTasks: number;
  readonly maxTasks: number;
}

/** What a pool was told to be, and how often in a row less has been seen to suffice. */
export interface PoolSize {
  readonly tasks: number;
  readonly quietLooks: number;
  /** The most that was needed in those looks. */
  readonly quietTasks: number;
}

/** Messages of a pool's queues, all classes together. */
export interface PoolLoad {
  /** Waiting for a worker. */
  readonly visible: number;
  /** In the hands of a worker, running or about to. */
  readonly inFlight: number;
  /** What workers say that they run: more than is in flight when runs last longer than a message may be held. */
  readonly running: number;
  /** Workers that have runs in hand: to stop one of them would cost more than to let it end what it has begun. */
  readonly busyWorkers: number;
  /** Due later. */
  readonly delayed: number;
}

/** Looks without need before a pool shrinks: starting a worker takes about a minute, and counts are approximate. */
export const QUIET_LOOKS = 5;

/** As many workers as the load needs now; one at least while anything waits, is in hand or will be due soon. */
export function tasksFor(
  { visible, inFlight, running, busyWorkers, delayed }: PoolLoad,
  { slots, minTasks, maxTasks }: PoolLimits,
): number {
  const needed = Math.max(busyWorkers, Math.ceil((visible + Math.max(inFlight, running)) / slots));
  const least = needed > 0 || delayed > 0 ? 1 : 0;
  return Math.min(maxTasks, Math.max(minTasks, needed, least));
}

/** As many workers as runs due at the same time need. */
export function tasksForPeak(peak: number, { slots, minTasks, maxTasks }: PoolLimits): number {
  return Math.min(maxTasks, Math.max(minTasks, Math.ceil(peak / slots)));
}

/** The size after one more look: grown at once, shrunk only when less has sufficed for `QUIET_LOOKS` looks in a row. */
export function resized(size: PoolSize, tasks: number): PoolSize {
  if (tasks >= size.tasks) return { tasks, quietLooks: 0, quietTasks: 0 };
  const quietLooks = size.quietLooks + 1;
  const quietTasks = Math.max(size.quietTasks, tasks);
  if (quietLooks < QUIET_LOOKS) return { tasks: size.tasks, quietLooks, quietTasks };
  return { tasks: quietTasks, quietLooks: 0, quietTasks: 0 };
}

export function isSameSize(a: PoolSize, b: PoolSize): boolean {
  return a.tasks === b.tasks && a.quietLooks === b.quietLooks && a.quietTasks === b.quietTasks;
}
