import { PRIORITIES, type Priority } from "../core/job/priority.ts";
import type { RunMessage } from "../core/run/message.ts";

/** A received message that waits for its instant or for a slot. */
export interface Held {
  readonly queue: string;
  readonly receipt: string;
  readonly receives: number;
  readonly message: RunMessage;
}

/** The share of each class when all have work: 8 of 15 starts are `high`, 1 is `bulk`; so none starves. */
const SHARES: Readonly<Record<Priority, number>> = { high: 8, normal: 4, low: 2, bulk: 1 };

interface Lane {
  /** Held messages, soonest due first. */
  readonly held: Held[];
  readonly stride: number;
  /** Where the class stands on the common road; the one that has come least far goes next. */
  position: number;
}

/**
 * Messages that this worker holds, by priority class. The next one is picked by stride scheduling: each class advances by
 * the inverse of its share for every start, and the class that is furthest behind goes first.
 *
 * @see Waldspurger and Weihl, "Stride Scheduling: Deterministic Proportional-Share Resource Management", 1995
 */
export class Inbox {
  readonly #lanes = new Map<Priority, Lane>(
    PRIORITIES.map((priority) => [priority, { held: [], stride: 1 / SHARES[priority], position: 0 }]),
  );
  #position = 0;

  get size(): number {
    let size = 0;
    for (const lane of this.#lanes.values()) size += lane.held.length;
    return size;
  }

  add(priority: Priority, held: Held): void {
    const lane = this.#lane(priority);
    // A class that was idle does not save up for a burst.
    if (lane.held.length === 0) lane.position = Math.max(lane.position, this.#position);
    let index = lane.held.length;
    while (index > 0 && (lane.held[index - 1]?.message.dueAtMs ?? 0) > held.message.dueAtMs) index -= 1;
    if (index === lane.held.length) lane.held.push(held);
    else lane.held.splice(index, 0, held);
  }

  /** Takes the next message that is due at `nowMs`. */
  take(nowMs: number): Held | undefined {
    let next: Lane | undefined;
    for (const lane of this.#lanes.values()) {
      const [first] = lane.held;
      if (first === undefined || first.message.dueAtMs > nowMs) continue;
      if (next === undefined || lane.position < next.position) next = lane;
    }
    if (next === undefined) return undefined;
    this.#position = next.position;
    next.position += next.stride;
    return next.held.shift();
  }

  /** When the next message is due, or `undefined` when none is held. */
  nextDueMs(): number | undefined {
    let nextMs: number | undefined;
    for (const { held } of this.#lanes.values()) {
      const dueAtMs = held[0]?.message.dueAtMs;
      if (dueAtMs !== undefined && (nextMs === undefined || dueAtMs < nextMs)) nextMs = dueAtMs;
    }
    return nextMs;
  }

  /** Messages that `isWanted` picks, without taking them. */
  *held(): Iterable<Held> {
    for (const lane of this.#lanes.values()) yield* lane.held;
  }

  /** Takes out the messages that `isWanted` picks. */
  remove(isWanted: (held: Held) => boolean): Held[] {
    const removed: Held[] = [];
    for (const lane of this.#lanes.values()) {
      const kept = lane.held.filter((held) => !isWanted(held));
      if (kept.length === lane.held.length) continue;
      removed.push(...lane.held.filter(isWanted));
      lane.held.splice(0, lane.held.length, ...kept);
    }
    return removed;
  }

  #lane(priority: Priority): Lane {
    const lane = this.#lanes.get(priority);
    if (lane === undefined) throw new RangeError(`Cannot hold a message of priority "${priority}": unknown class`);
    return lane;
  }
}
