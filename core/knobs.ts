/** Every duration and bound of the engine that is not a job's own, in one place, so that a host can choose and a test can shrink them. */
export interface Knobs {
  /** Partitions of the due index; fixed for the life of a table. */
  readonly shards: number;
  /** How far ahead slots are dispatched. */
  readonly lookAheadMs: number;
  /** A job's entry is visited this long before its next slot; below `lookAheadMs`, so one visit serves many slots. */
  readonly leadMs: number;
  /** A slot that is dispatched later than this is a misfire. */
  readonly misfireAfterMs: number;
  /** How long after a slot its row must exist; then it is looked for. Doubles with each vain look, up to `settleMaxMs`. */
  readonly settleAfterMs: number;
  readonly settleMaxMs: number;
  /** Messages are handed to workers this long before they are due; the worker waits out the rest on its own clock. */
  readonly prefetchMs: number;
  /** How long a received message stays hidden unless the worker extends it. */
  readonly visibilityMs: number;
  readonly heartbeatMs: number;
  /** A worker whose heartbeat has not been seen to change for this long, on the observer's own clock, is dead. */
  readonly workerDeadAfterMs: number;
  /** A scheduler's lease on a shard, renewed at a third of it. */
  readonly leaseMs: number;
  /** Longest time between two looks at the due index. */
  readonly pollMs: number;
  /** Attempts lost with their workers before a run is given up as a poison pill. */
  readonly maxLost: number;
  /** Runs that may wait in line at one concurrency key; more wait in the queue. */
  readonly maxWaiters: number;
}

export const EMBEDDED_KNOBS: Knobs = {
  shards: 8,
  lookAheadMs: 20_000,
  leadMs: 10_000,
  misfireAfterMs: 10_000,
  settleAfterMs: 15_000,
  settleMaxMs: 15 * 60_000,
  prefetchMs: 200,
  visibilityMs: 4_000,
  heartbeatMs: 1_000,
  workerDeadAfterMs: 6_000,
  leaseMs: 6_000,
  pollMs: 1_000,
  maxLost: 5,
  maxWaiters: 1_000,
};
