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
  /** A due message that found no slot for so long goes back to the queue, where another worker may take it. */
  readonly giveBackAfterMs: number;
  /** How long the deletion of a message waits for others to go with it. */
  readonly deleteAfterMs: number;
  readonly heartbeatMs: number;
  /** How often a worker looks for what is asked of it, such as a cancellation. */
  readonly commandPollMs: number;
  /** How long a worker keeps the output of an attempt at most before it is written, together with what has come meanwhile. */
  readonly logFlushMs: number;
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
  giveBackAfterMs: 2_000,
  deleteAfterMs: 0,
  heartbeatMs: 1_000,
  commandPollMs: 1_000,
  logFlushMs: 100,
  workerDeadAfterMs: 6_000,
  leaseMs: 6_000,
  pollMs: 1_000,
  maxLost: 5,
  maxWaiters: 1_000,
};

/**
 * For a scheduler that is woken once a minute, up to a minute late, so that two wake-ups may lie two minutes apart, and
 * three when one fails: the lead is longer than that, and leaves a worker the time to start. Look-ahead and lead together
 * are below the longest delay of a message; the longer they are, the more slots of a frequent job share a visit. What is read
 * and written for no run in particular (heartbeats, commands, messages kept hidden) is paid for each time, hence rare.
 */
export const AWS_KNOBS: Knobs = {
  shards: 8,
  lookAheadMs: 400_000,
  leadMs: 200_000,
  misfireAfterMs: 180_000,
  settleAfterMs: 120_000,
  settleMaxMs: 30 * 60_000,
  prefetchMs: 1_000,
  visibilityMs: 120_000,
  giveBackAfterMs: 10_000,
  deleteAfterMs: 500,
  heartbeatMs: 15_000,
  commandPollMs: 5_000,
  logFlushMs: 1_000,
  workerDeadAfterMs: 60_000,
  leaseMs: 60_000,
  pollMs: 60_000,
  maxLost: 5,
  maxWaiters: 1_000,
};
