import { PRIORITIES, type Priority } from "../core/job/priority.ts";
import type { ReceivedMessage } from "../core/ports/queue.ts";
import { decodeMessage, queueName } from "../core/run/message.ts";
import type { Core } from "../core/services/core.ts";
import type { Attempts } from "./attempts.ts";
import { Bell } from "./bell.ts";
import { type Held, Inbox } from "./inbox.ts";
import type { Receipts } from "./receipts.ts";
import { atMost, WOKEN } from "./woken.ts";

export interface IntakeOptions {
  readonly pool: string;
  /** Attempts at the same time. */
  readonly slots: number;
  readonly attempts: Attempts;
  readonly receipts: Receipts;
  readonly onError: (error: unknown) => void;
}

const LONG_POLL_MS = 20_000;
/** After a receive that failed. */
const ERROR_REST_MS = 1_000;
/** As many as one receive may bring. */
const MAX_RECEIVED = 1_000;
/** How long a message rests that can't be read: each look brings it nearer to the dead letters. */
const UNREADABLE_REST_MS = 5_000;

/**
 * The messages of one worker until they are handled: received from the queues of all classes as long as there is room,
 * held until they are due and a slot is free, given back when that takes too long.
 */
export class Intake {
  readonly #core: Core;
  readonly #options: IntakeOptions;
  readonly #inbox = new Inbox();
  readonly #draining = new AbortController();
  /** Ends the receives that wait for messages. */
  #receiving = new AbortController();
  readonly #dispatchBell = new Bell();
  readonly #roomBells = new Map<Priority, Bell>(PRIORITIES.map((priority) => [priority, new Bell()]));

  constructor(core: Core, options: IntakeOptions) {
    this.#core = core;
    this.#options = options;
  }

  get isDraining(): boolean {
    return this.#draining.signal.aborted;
  }

  /** Works until `drain` is called; gives back then what it holds. */
  async run(): Promise<void> {
    await Promise.all([
      ...[...this.#roomBells].map(([priority, bell]) => this.#poll(priority, bell)),
      this.#dispatch(),
    ]);
  }

  drain(): void {
    if (this.isDraining) return;
    this.#draining.abort(WOKEN);
    this.#receiving.abort(WOKEN);
    this.wake();
  }

  /** To be called when a message has left the worker's hands. */
  wake(): void {
    this.#dispatchBell.ring();
    for (const bell of this.#roomBells.values()) bell.ring();
    this.#checkRoom();
  }

  held(): Iterable<Held> {
    return this.#inbox.held();
  }

  /** Gives back what is overdue while all slots are taken by attempts that last. */
  async giveBackOverdue(): Promise<void> {
    const { attempts, slots } = this.#options;
    if (attempts.busy < slots || attempts.areShort) return;
    const { clock, knobs } = this.#core;
    const overdueMs = clock.nowMs() - knobs.giveBackAfterMs;
    await this.#giveBack(this.#inbox.remove(({ message }) => message.dueAtMs < overdueMs));
  }

  /** How many more messages may be held. While attempts are short, those for the next ones are fetched ahead. */
  #room(): number {
    const { attempts, slots } = this.#options;
    const ahead = attempts.areShort ? slots : 0;
    return Math.min(MAX_RECEIVED, slots + ahead - attempts.busy - this.#inbox.size);
  }

  /** What waits in the other queues was asked for when there was room: without any, other workers shall have it. */
  #checkRoom(): void {
    if (this.#room() <= 0) this.#receiving.abort(WOKEN);
  }

  async #poll(priority: Priority, roomBell: Bell): Promise<void> {
    const { queue, knobs, clock } = this.#core;
    const name = queueName(this.#options.pool, priority);
    while (!this.isDraining) {
      const max = this.#room();
      if (max <= 0) {
        await roomBell.wait();
        continue;
      }
      if (this.#receiving.signal.aborted) this.#receiving = new AbortController();
      const { signal } = this.#receiving;
      try {
        const received = await queue.receive(name, {
          max,
          waitMs: LONG_POLL_MS,
          visibilityMs: knobs.visibilityMs,
          signal,
        });
        if (received.length === 0) continue;
        const readable = received.flatMap((message) => this.#read(name, message) ?? []);
        if (this.isDraining) {
          await this.#giveBack(readable);
        } else {
          for (const held of readable) this.#inbox.add(priority, held);
          this.#dispatchBell.ring();
          this.#checkRoom();
        }
      } catch (error) {
        this.#options.onError(error);
        await clock.sleep(Math.min(knobs.heartbeatMs, ERROR_REST_MS), this.#draining.signal);
      }
    }
  }

  /** A message that can't be read is left alone: it becomes a dead letter, where people can look at it. */
  #read(queue: string, { body, receipt, receives }: ReceivedMessage): Held | undefined {
    const message = decodeMessage(body);
    if (message !== undefined) return { queue, receipt, receives, message };
    this.#options.onError(new Error(`Cannot read a message of queue "${queue}": not a run message of a known version`));
    void this.#options.receipts.hide([{ queue, receipt }], Math.min(UNREADABLE_REST_MS, this.#core.knobs.visibilityMs));
    return undefined;
  }

  /** Starts what is due while slots are free; sleeps until the next message is due. */
  async #dispatch(): Promise<void> {
    const { clock } = this.#core;
    const { attempts, slots } = this.#options;
    while (!this.isDraining) {
      const nowMs = clock.nowMs();
      while (attempts.busy < slots) {
        const held = this.#inbox.take(nowMs);
        if (held === undefined) break;
        void attempts.handle(held);
      }
      const nextMs = attempts.busy < slots ? this.#inbox.nextDueMs() : undefined;
      if (nextMs === undefined) {
        await this.#dispatchBell.wait();
      } else {
        await atMost(clock, nextMs - clock.nowMs(), this.#dispatchBell.wait());
        this.#dispatchBell.forget();
      }
    }
    await this.#giveBack(this.#inbox.remove(() => true));
  }

  #giveBack(messages: Iterable<Held>): Promise<void> {
    return this.#options.receipts.hide(messages, 0);
  }
}
