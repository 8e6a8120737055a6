import type { RunKey } from "../run/run-id.ts";

/**
 * A concurrency limit: who holds it and who waits for it, in one item that is changed by compare-and-set.
 *
 * Holders are runs, not counters, so the item repairs itself: whoever finds it full looks whether the holders are still
 * in their right and drops those that are not. A run enters the line when it finds no room; whoever leaves makes the
 * first in line a holder and rings for it, so the order is kept and no newcomer can slip in between.
 */
export interface Limit {
  readonly holders: readonly Member[];
  /** In the order of arrival. */
  readonly waiters: readonly Member[];
}

export interface Member extends RunKey {
  /** What the run takes of the limit, at least 1. */
  readonly weight: number;
  /** What the limit may be used up to as the run comes in: runs of several jobs, or of versions of one, may say different. */
  readonly capacity: number;
  /**
   * Revision of the run's record that the claim was based on which has put it here, or which last relied upon it; absent or
   * 0: there was no record. Several claims of one run may be under way; one that has lost must not take away what a later
   * one relies upon.
   */
  readonly basis?: number;
}

export const NO_HOLDERS: Limit = { holders: [], waiters: [] };

export type Admission =
  | { readonly kind: "held" }
  | { readonly kind: "admitted"; readonly limit: Limit }
  | { readonly kind: "full" };

/**
 * Whether `member` may hold the limit now: it does already, there is room and nobody waits before it, or it is full. One
 * that holds it for an earlier claim holds it for this one from now on.
 */
export function admit(limit: Limit, member: Member): Admission {
  const held = limit.holders.find((holder) => isSame(holder, member));
  if (held !== undefined) {
    if (basisOf(held) >= basisOf(member)) return { kind: "held" };
    return {
      kind: "admitted",
      limit: { ...limit, holders: limit.holders.map((holder) => (holder === held ? member : holder)) },
    };
  }
  const first = limit.waiters[0];
  const isItsTurn = first === undefined || isSame(first, member);
  if (!isItsTurn || !hasRoom(member, usedWeight(limit))) return { kind: "full" };
  return {
    kind: "admitted",
    limit: {
      ...limit,
      holders: [...limit.holders, member],
      waiters: limit.waiters.filter((waiter) => !isSame(waiter, member)),
    },
  };
}

/**
 * Puts `member` at the end of the line, once. One that stands there for an earlier claim keeps its place, for this one from
 * now on.
 */
export function enqueue(limit: Limit, member: Member): Limit {
  const standing = limit.waiters.find((waiter) => isSame(waiter, member));
  if (standing === undefined) return { ...limit, waiters: [...limit.waiters, member] };
  if (basisOf(standing) >= basisOf(member)) return limit;
  return { ...limit, waiters: limit.waiters.map((waiter) => (waiter === standing ? member : waiter)) };
}

/** Takes `run` out of the line; the same object when it does not stand in it. */
export function withdraw(limit: Limit, run: RunKey): Limit {
  if (!limit.waiters.some((waiter) => isSame(waiter, run))) return limit;
  return { ...limit, waiters: limit.waiters.filter((waiter) => !isSame(waiter, run)) };
}

/** Whether `run` has others before it in the line; when it does not stand there, whether anybody does. */
export function isSomeoneAhead({ waiters }: Limit, run: RunKey): boolean {
  const [first] = waiters;
  return first !== undefined && !isSame(first, run);
}

/** Those who come before `run`: the holders, and the part of the line ahead of it, all of it when it does not stand there. */
export function before({ holders, waiters }: Limit, run: RunKey): readonly Member[] {
  const place = waiters.findIndex((waiter) => isSame(waiter, run));
  const ahead = place < 0 ? waiters : waiters.slice(0, place);
  return [...holders, ...ahead].filter((member) => !isSame(member, run));
}

/**
 * Takes members out of the limit and its line, then promotes from the front of the line while there is room.
 *
 * @returns the limit after it, and those promoted, who are to be rung for
 */
export function leave(
  limit: Limit,
  isGone: (member: Member) => boolean,
): { readonly limit: Limit; readonly promoted: readonly Member[] } {
  const holders = limit.holders.filter((holder) => !isGone(holder));
  const waiters = limit.waiters.filter((waiter) => !isGone(waiter));
  const promoted: Member[] = [];
  let used = usedWeight({ holders });
  for (let first = waiters[0]; first !== undefined && hasRoom(first, used); first = waiters[0]) {
    used += first.weight;
    promoted.push(first);
    waiters.shift();
  }
  return { limit: { ...limit, holders: [...holders, ...promoted], waiters }, promoted };
}

/** A run heavier than the whole limit may run alone, or it would wait for ever. */
function hasRoom({ weight, capacity }: Member, used: number): boolean {
  return used === 0 || used + weight <= capacity;
}

export function isSame(a: Member, b: RunKey): boolean {
  return a.stamp === b.stamp && a.job === b.job && a.namespace === b.namespace;
}

/** The place of a run that an earlier claim than one based on revision `before` has left, if there is one. */
export function findLeftover(limit: Limit, run: RunKey, before: number): Member | undefined {
  return [...limit.holders, ...limit.waiters].find((member) => isSame(member, run) && basisOf(member) < before);
}

function basisOf({ basis = 0 }: Member): number {
  return basis;
}

export function usedWeight({ holders }: { readonly holders: readonly Member[] }): number {
  return holders.reduce((sum, holder) => sum + holder.weight, 0);
}
