import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { Clock } from "../../core/ports/clock.ts";
import type {
  DeadLetter,
  OutgoingMessage,
  Queue,
  QueueDepth,
  QueueName,
  ReceivedMessage,
  ReceiveOptions,
} from "../../core/ports/queue.ts";
import { type Doorbell, MAX_SILENCE_MS } from "./doorbell.ts";
import type { GroupCommit } from "./group-commit.ts";
import {
  prepareQueueStatements,
  type GroupRow,
  type MessageRow,
  type DeadLetterRow,
  type QueueStatements,
} from "./sqlite-queue-statements.ts";
import { checkMax, checkMessages, checkQueueName, checkReceive, checkVisibility } from "../shared/queue-rules.ts";
import { reading } from "./sqlite-errors.ts";

/**
 * The Queue port over one SQLite table. A receipt is `<id>.<receives>`: it names one delivery of one message.
 *
 * Receiving costs work in proportion to what is received and to the number of groups with visible messages, whatever the
 * length of the backlog and however many messages are delayed: the groups are found by skipping through an index that
 * holds ready messages only. A message becomes ready at the first receive after its time has come.
 */
export class SqliteQueue implements Queue {
  readonly #writes: GroupCommit;
  readonly #bell: Doorbell;
  readonly #clock: Clock;
  readonly #maxReceives: number;
  readonly #holder: string;
  readonly #sql: QueueStatements;
  /** Per queue the group that was served last; the next receive begins behind it. */
  readonly #lastServed = new Map<QueueName, string>();

  constructor(database: DatabaseSync, { writes, bell, clock, holder, maxReceives = MAX_RECEIVES }: SqliteQueueOptions) {
    this.#writes = writes;
    this.#bell = bell;
    this.#clock = clock;
    this.#maxReceives = maxReceives;
    this.#holder = holder;
    this.#sql = prepareQueueStatements(database);
  }

  async send(queue: QueueName, messages: readonly OutgoingMessage[]): Promise<readonly OutgoingMessage[]> {
    checkQueueName(queue);
    checkMessages(messages);
    await this.#writes.run(() => {
      const nowMs = this.#clock.nowMs();
      for (const { body, group, delayMs } of messages) {
        this.#sql.send.run(queue, group, delayMs === 0 ? 1 : 0, nowMs + delayMs, body);
      }
    }, LAZY);
    this.#bell.ring(queue);
    return [];
  }

  async receive(queue: QueueName, options: ReceiveOptions): Promise<readonly ReceivedMessage[]> {
    checkQueueName(queue);
    checkReceive(options);
    const deadlineMs = this.#clock.monotonicMs() + options.waitMs;
    while (options.signal?.aborted !== true && !this.#bell.closed) {
      const nextMs = reading(() => this.#nextVisibleAtMs(queue));
      if (nextMs <= this.#clock.nowMs()) {
        const messages = await this.#writes.run(() => this.#take(queue, options), LAZY);
        if (messages.length > 0) return messages;
      }
      const leftMs = deadlineMs - this.#clock.monotonicMs();
      if (leftMs <= 0) break;
      await this.#bell.wait(queue, Math.min(leftMs, Math.max(0, nextMs - this.#clock.nowMs())), options.signal);
    }
    return [];
  }

  async extend(queue: QueueName, receipts: readonly string[], visibilityMs: number): Promise<void> {
    checkQueueName(queue);
    checkVisibility(visibilityMs);
    const deliveries = receipts.map(deliveryOf);
    await this.#writes.run(() => {
      const visibleAtMs = this.#clock.nowMs() + visibilityMs;
      for (const { id, receives } of deliveries) this.#sql.extend.run(visibleAtMs, id, receives, queue);
    }, LAZY);
    // What stays hidden for longer is looked for in time without a bell; heartbeats, which extend all the time, wake nobody.
    if (visibilityMs < MAX_SILENCE_MS) this.#bell.ring(queue);
  }

  async delete(queue: QueueName, receipts: readonly string[]): Promise<void> {
    checkQueueName(queue);
    const deliveries = receipts.map(deliveryOf);
    await this.#writes.run(() => {
      for (const { id, receives } of deliveries) this.#sql.delete.run(id, receives, queue);
    }, LAZY);
  }

  /**
   * Makes the messages visible at once that a process had received which is now gone for certain. Beyond the port: a
   * queue in the cloud can't know, and lets their time run out.
   */
  async releaseHeldBy(holder: string): Promise<number> {
    const queues: string[] = [];
    const released = await this.#writes.run(() => {
      const nowMs = this.#clock.nowMs();
      let count = 0;
      for (let queue = this.#hiddenQueueAfter(""); queue !== undefined; queue = this.#hiddenQueueAfter(queue)) {
        const { changes } = this.#sql.release.run(nowMs, queue, nowMs + LONGEST_HOLD_MS, holder);
        count += Number(changes);
        if (changes !== 0) queues.push(queue);
      }
      return count;
    });
    for (const queue of queues) this.#bell.ring(queue);
    return released;
  }

  #hiddenQueueAfter(queue: string): string | undefined {
    return (this.#sql.hiddenQueueAfter.get(queue) as { queue: string } | undefined)?.queue;
  }

  /** Each count stops at `MAX_COUNT`, so that looking at a long queue does not hold up the others. */
  async depth(queue: QueueName): Promise<QueueDepth> {
    checkQueueName(queue);
    return reading(() => this.#depth(queue));
  }

  async deadLetters(queue: QueueName, max: number): Promise<readonly DeadLetter[]> {
    checkQueueName(queue);
    checkMax(max);
    return reading(() => this.#sql.deadLetters.all(queue, max) as DeadLetterRow[]);
  }

  async redrive(queue: QueueName): Promise<number> {
    checkQueueName(queue);
    let total = 0;
    for (let moved = REDRIVE_BATCH; moved === REDRIVE_BATCH; total += moved) {
      moved = await this.#writes.run(() => this.#redrive(queue));
    }
    this.#bell.ring(queue);
    return total;
  }

  /** The instant from which the queue has a visible message: a past one when it has one, Infinity when it is empty. */
  #nextVisibleAtMs(queue: QueueName): number {
    return this.#groupAfter(queue, "")?.visibleAtMs ?? this.#nextHiddenAtMs(queue);
  }

  #nextHiddenAtMs(queue: QueueName): number {
    const row = this.#sql.nextHidden.get(queue) as { visibleAtMs: number } | undefined;
    return row?.visibleAtMs ?? Number.POSITIVE_INFINITY;
  }

  /** The first group behind `group` that has ready messages, and since when the first of them is visible. */
  #groupAfter(queue: QueueName, group: string): GroupRow | undefined {
    return this.#sql.groupAfter.get(queue, group) as GroupRow | undefined;
  }

  /** Up to `max` groups with ready messages, in turn: beginning behind the one that was served last. */
  #readyGroups(queue: QueueName, max: number): string[] {
    const groups: string[] = [];
    for (const start of [this.#lastServed.get(queue) ?? "", ""]) {
      for (let row = this.#groupAfter(queue, start); row !== undefined; row = this.#groupAfter(queue, row.grp)) {
        if (groups.length === max || row.grp === groups[0]) return groups;
        groups.push(row.grp);
      }
    }
    return groups;
  }

  /** Makes hidden messages ready whose time has come: more than are taken, but not all at once when very many are due. */
  #uncover(queue: QueueName, max: number, nowMs: number): void {
    if (this.#nextHiddenAtMs(queue) <= nowMs) this.#sql.uncover.run(queue, nowMs, Math.max(LEAST_UNCOVERED, 2 * max));
  }

  /** Takes from all groups with visible messages in rounds of equal shares, until there is enough or nothing is left. */
  #take(queue: QueueName, { max, visibilityMs }: ReceiveOptions): ReceivedMessage[] {
    const nowMs = this.#clock.nowMs();
    const taken: ReceivedMessage[] = [];
    this.#uncover(queue, max, nowMs);
    let room = max;
    for (let groups = this.#readyGroups(queue, max); groups.length > 0 && room > 0;) {
      const share = Math.max(1, Math.floor(room / groups.length));
      const unfinished: string[] = [];
      for (const group of groups.slice(0, room)) {
        const rows = this.#sql.take.all(nowMs + visibilityMs, this.#holder, queue, group, share) as MessageRow[];
        for (const row of rows) if (!this.#bury(row)) taken.push(receivedOf(group, row));
        if (rows.length === share) unfinished.push(group);
        room -= rows.length;
        this.#lastServed.set(queue, group);
      }
      groups = unfinished;
    }
    return taken;
  }

  /** Moves a message that has had all its deliveries to the dead letters; `false` when it has not. */
  #bury({ id, receives }: MessageRow): boolean {
    if (receives <= this.#maxReceives) return false;
    this.#sql.bury.run(id);
    this.#sql.remove.run(id);
    return true;
  }

  #redrive(queue: QueueName): number {
    const ids = this.#sql.deadLetterIds.all(queue, REDRIVE_BATCH) as { id: number }[];
    const nowMs = this.#clock.nowMs();
    for (const { id } of ids) {
      this.#sql.revive.run(nowMs, id);
      this.#sql.removeDeadLetter.run(id);
    }
    return ids.length;
  }

  #depth(queue: QueueName): QueueDepth {
    const nowMs = this.#clock.nowMs();
    const count = (statement: StatementSync, ...parameters: number[]) =>
      (statement.get(queue, ...parameters, MAX_COUNT) as { count: number }).count;
    const hidden = this.#sql.countHidden.get(queue, nowMs, MAX_COUNT) as { count: number; delayed: number };
    let oldestAtMs = Math.min(nowMs, this.#nextHiddenAtMs(queue));
    for (let row = this.#groupAfter(queue, ""); row !== undefined; row = this.#groupAfter(queue, row.grp)) {
      oldestAtMs = Math.min(oldestAtMs, row.visibleAtMs);
    }
    return {
      visible: Math.min(MAX_COUNT, count(this.#sql.countReady) + count(this.#sql.countDue, nowMs)),
      delayed: hidden.delayed,
      inFlight: hidden.count - hidden.delayed,
      deadLetters: count(this.#sql.countDeadLetters),
      oldestAgeMs: nowMs - oldestAtMs,
    };
  }
}

export interface SqliteQueueOptions {
  readonly writes: GroupCommit;
  readonly bell: Doorbell;
  readonly clock: Clock;
  /** Names this process among those that share the file. */
  readonly holder: string;
  /** @default 20 */
  readonly maxReceives?: number;
}

/** Generous: a message that is received is claimed at once, so only messages that crash their workers come this far. */
const MAX_RECEIVES = 20;
const REDRIVE_BATCH = 1_000;
const LEAST_UNCOVERED = 1_000;
const MAX_COUNT = 100_000;

function receivedOf(group: string, { id, receives, body }: MessageRow): ReceivedMessage {
  return { body, group, receipt: `${id}.${receives}`, receives };
}

/** What is not a receipt of this queue names no message: ids begin at 1. */
function deliveryOf(receipt: string): { id: number; receives: number } {
  const match = /^(\d{1,15})\.(\d{1,9})$/.exec(receipt);
  return match === null ? { id: 0, receives: 0 } : { id: Number(match[1]), receives: Number(match[2]) };
}

/** How far ahead messages in flight are looked for; workers renew their holds every second for a few. */
const LONGEST_HOLD_MS = 60_000;

/**
 * Should a loss of power undo a receipt, a longer hold or a removal, the message is delivered once more; should it undo a
 * message, whoever watches over the run rings again.
 */
const LAZY = { lazy: true };
