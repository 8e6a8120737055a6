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
import type { Doorbell } from "./doorbell.ts";
import { prepareQueueReads, type DeadLetterRow, type GroupRow, type QueueReads } from "./sqlite-queue-statements.ts";
import type { Delivery, DeliveryId } from "./sqlite-writer.ts";
import type { Writes } from "./writes.ts";
import { checkMax, checkMessages, checkQueueName, checkReceive, checkVisibility } from "./queue-rules.ts";
import { reading } from "./sqlite-errors.ts";

/**
 * The Queue port over one SQLite table. A receipt is `<id>.<receives>`: it names one delivery of one message.
 *
 * Receiving costs work in proportion to what is received and to the number of groups with visible messages, whatever the
 * length of the backlog and however many messages are delayed: the groups are found by skipping through an index that
 * holds ready messages only. A message becomes ready at the first receive after its time has come.
 */
export class SqliteQueue implements Queue {
  readonly #writes: Writes;
  readonly #bell: Doorbell;
  readonly #clock: Clock;
  readonly #sql: QueueReads;

  constructor(database: DatabaseSync, { writes, bell, clock }: SqliteQueueOptions) {
    this.#writes = writes;
    this.#bell = bell;
    this.#clock = clock;
    this.#sql = prepareQueueReads(database);
  }

  async send(queue: QueueName, messages: readonly OutgoingMessage[]): Promise<readonly OutgoingMessage[]> {
    checkQueueName(queue);
    checkMessages(messages);
    const rows = messages.map(({ group, delayMs, body }) => [group, delayMs, body] as const);
    await this.#writes.run("send", queue, this.#clock.nowMs(), rows);
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
        const { max, visibilityMs } = options;
        const deliveries = await this.#writes.run("take", queue, this.#clock.nowMs(), max, visibilityMs);
        if (deliveries.length > 0) return deliveries.map(receivedOf);
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
    await this.#writes.run("hide", queue, this.#clock.nowMs() + visibilityMs, receipts.map(deliveryOf));
    this.#bell.ring(queue);
  }

  async delete(queue: QueueName, receipts: readonly string[]): Promise<void> {
    checkQueueName(queue);
    await this.#writes.run("discard", queue, receipts.map(deliveryOf));
  }

  /**
   * Makes the messages visible at once that a process had received which is now gone for certain. Beyond the port: a
   * queue in the cloud can't know, and lets their time run out.
   */
  async releaseHeldBy(holder: string): Promise<number> {
    const { count, queues } = await this.#writes.run("release", holder, this.#clock.nowMs());
    for (const queue of queues) this.#bell.ring(queue);
    return count;
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
      moved = await this.#writes.run("redrive", queue, this.#clock.nowMs(), REDRIVE_BATCH);
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
  readonly writes: Writes;
  readonly bell: Doorbell;
  readonly clock: Clock;
}

const REDRIVE_BATCH = 1_000;
const MAX_COUNT = 100_000;

function receivedOf({ id, receives, group, body }: Delivery): ReceivedMessage {
  return { body, group, receipt: `${id}.${receives}`, receives };
}

/** What is not a receipt of this queue names no message: ids begin at 1. */
function deliveryOf(receipt: string): DeliveryId {
  const match = /^(\d{1,15})\.(\d{1,9})$/.exec(receipt);
  return match === null ? [0, 0] : [Number(match[1]), Number(match[2])];
}
