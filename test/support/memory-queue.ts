import {
  checkMax,
  checkMessages,
  checkQueueName,
  checkReceive,
  checkVisibility,
} from "../../adapters/shared/queue-rules.ts";
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

interface Message {
  readonly id: number;
  readonly body: string;
  readonly group: string;
  visibleAtMs: number;
  receives: number;
}

interface Lane {
  messages: Message[];
  dead: Message[];
  lastGroup: string;
}

/** What becomes of a message on its way in: kept once, lost, or doubled. */
export type Fate = "keep" | "lose" | "double";

/** The Queue port in memory, on a clock of the test's. */
export class MemoryQueue implements Queue {
  /** Messages sent so far. */
  sent = 0;
  /** Decides the fate of each message sent. */
  fate: (message: OutgoingMessage) => Fate = () => "keep";
  readonly #clock: Clock;
  readonly #maxReceives: number;
  readonly #lanes = new Map<QueueName, Lane>();
  readonly #waiters = new Set<() => void>();
  #nextId = 1;

  constructor(clock: Clock, { maxReceives = 20 } = {}) {
    this.#clock = clock;
    this.#maxReceives = maxReceives;
  }

  /** Bodies of all messages of all queues, delayed and hidden ones included. */
  bodies(): string[] {
    return [...this.#lanes.values()].flatMap(({ messages }) => messages.map(({ body }) => body));
  }

  /** Loses every message that `isLost` picks. */
  lose(isLost: (body: string) => boolean = () => true): void {
    for (const lane of this.#lanes.values()) lane.messages = lane.messages.filter(({ body }) => !isLost(body));
  }

  async send(queue: QueueName, messages: readonly OutgoingMessage[]): Promise<readonly OutgoingMessage[]> {
    this.sent += messages.length;
    checkQueueName(queue);
    checkMessages(messages);
    await Promise.resolve();
    for (const message of messages) {
      const fate = this.fate(message);
      if (fate !== "lose") this.#add(queue, message);
      if (fate === "double") this.#add(queue, message);
    }
    this.#wakeAll();
    return [];
  }

  async receive(queue: QueueName, options: ReceiveOptions): Promise<readonly ReceivedMessage[]> {
    checkQueueName(queue);
    checkReceive(options);
    await Promise.resolve();
    const deadlineMs = this.#clock.monotonicMs() + options.waitMs;
    while (options.signal?.aborted !== true) {
      const taken = this.#take(queue, options);
      const leftMs = deadlineMs - this.#clock.monotonicMs();
      if (taken.length > 0 || leftMs <= 0) return taken;
      await this.#wait(Math.min(leftMs, this.#untilVisibleMs(queue)), options);
    }
    return [];
  }

  async extend(queue: QueueName, receipts: readonly string[], visibilityMs: number): Promise<void> {
    checkQueueName(queue);
    checkVisibility(visibilityMs);
    await Promise.resolve();
    for (const message of this.#delivered(queue, receipts)) message.visibleAtMs = this.#clock.nowMs() + visibilityMs;
    this.#wakeAll();
  }

  async delete(queue: QueueName, receipts: readonly string[]): Promise<void> {
    checkQueueName(queue);
    await Promise.resolve();
    const lane = this.#lane(queue);
    const gone = new Set(this.#delivered(queue, receipts));
    lane.messages = lane.messages.filter((message) => !gone.has(message));
  }

  async depth(queue: QueueName): Promise<QueueDepth> {
    checkQueueName(queue);
    await Promise.resolve();
    const { messages, dead } = this.#lane(queue);
    const nowMs = this.#clock.nowMs();
    const visible = messages.filter(({ visibleAtMs }) => visibleAtMs <= nowMs);
    const hidden = messages.filter(({ visibleAtMs }) => visibleAtMs > nowMs);
    const delayed = hidden.filter(({ receives }) => receives === 0).length;
    const oldestAtMs = visible.reduce((least, { visibleAtMs }) => Math.min(least, visibleAtMs), nowMs);
    const inFlight = hidden.length - delayed;
    return { visible: visible.length, delayed, inFlight, deadLetters: dead.length, oldestAgeMs: nowMs - oldestAtMs };
  }

  async deadLetters(queue: QueueName, max: number): Promise<readonly DeadLetter[]> {
    checkQueueName(queue);
    checkMax(max);
    await Promise.resolve();
    return this.#lane(queue)
      .dead.slice(0, max)
      .map(({ body, group, receives }) => ({ body, group, receives }));
  }

  async redrive(queue: QueueName): Promise<number> {
    checkQueueName(queue);
    await Promise.resolve();
    const lane = this.#lane(queue);
    const revived = lane.dead.splice(0);
    for (const { body, group } of revived) this.#add(queue, { body, group, delayMs: 0 });
    this.#wakeAll();
    return revived.length;
  }

  #add(queue: QueueName, { body, group, delayMs }: OutgoingMessage): void {
    const visibleAtMs = this.#clock.nowMs() + delayMs;
    this.#lane(queue).messages.push({ id: this.#nextId++, body, group, visibleAtMs, receives: 0 });
  }

  /** One message of each group in turn, beginning behind the group that was served last. */
  #take(queue: QueueName, { max, visibilityMs }: ReceiveOptions): ReceivedMessage[] {
    const lane = this.#lane(queue);
    const nowMs = this.#clock.nowMs();
    const taken: ReceivedMessage[] = [];
    const visible = lane.messages
      .filter(({ visibleAtMs }) => visibleAtMs <= nowMs)
      .sort((a, b) => a.visibleAtMs - b.visibleAtMs || a.id - b.id);
    while (taken.length < max && visible.length > 0) {
      const groups = [...new Set(visible.map(({ group }) => group))].sort();
      const group = groups.find((name) => name > lane.lastGroup) ?? groups[0] ?? "";
      const [message] = visible.splice(
        visible.findIndex((each) => each.group === group),
        1,
      );
      lane.lastGroup = group;
      if (message === undefined) continue;
      if (message.receives >= this.#maxReceives) {
        lane.messages = lane.messages.filter((each) => each !== message);
        lane.dead.push(message);
        continue;
      }
      message.receives += 1;
      message.visibleAtMs = nowMs + visibilityMs;
      const { body, id, receives } = message;
      taken.push({ body, group, receipt: `${id}.${receives}`, receives });
    }
    return taken;
  }

  #delivered(queue: QueueName, receipts: readonly string[]): Message[] {
    return this.#lane(queue).messages.filter(({ id, receives }) => receipts.includes(`${id}.${receives}`));
  }

  #untilVisibleMs(queue: QueueName): number {
    const nowMs = this.#clock.nowMs();
    return this.#lane(queue).messages.reduce(
      (least, { visibleAtMs }) => Math.min(least, visibleAtMs - nowMs),
      Infinity,
    );
  }

  async #wait(ms: number, { signal }: ReceiveOptions): Promise<void> {
    const timer = new AbortController();
    const wake = () => timer.abort();
    this.#waiters.add(wake);
    signal?.addEventListener("abort", wake, { once: true });
    await this.#clock.sleep(ms, timer.signal);
    signal?.removeEventListener("abort", wake);
    this.#waiters.delete(wake);
  }

  #wakeAll(): void {
    for (const wake of this.#waiters) wake();
  }

  #lane(queue: QueueName): Lane {
    let lane = this.#lanes.get(queue);
    if (lane === undefined) this.#lanes.set(queue, (lane = { messages: [], dead: [], lastGroup: "" }));
    return lane;
  }
}
