/**
 * A scheduler's right to a shard. Leases spread the work; they carry no safety: with every scheduler believing that it
 * owns every shard, all slots still fire once, only with more wasted work.
 *
 * A lease holds a duration, never an instant. It is taken over when its owner is no longer a member: members say that they
 * live, and one that has been silent for a whole duration on the observer's own monotonic clock is struck off.
 */
export interface Lease {
  /** Empty: given up. */
  readonly owner: string;
  /** Rises with every change of the owner. */
  readonly epoch: number;
  /** Rises with every renewal. */
  readonly beat: number;
  readonly durationMs: number;
}

/**
 * How many shards a scheduler should hold, so that all together hold all of them: the fair share, rounded up for those
 * that come first in the order of ids.
 */
export function fairShare(shards: number, members: readonly string[], self: string): number {
  const order = members.toSorted();
  const index = order.indexOf(self);
  if (index < 0) return 0;
  return Math.floor(shards / order.length) + (index < shards % order.length ? 1 : 0);
}
