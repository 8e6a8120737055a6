import type { OutgoingMessage, QueueName, ReceivedMessage } from "../../../core/ports/queue.ts";
import type { Event } from "../kernel/event-heap.ts";
import type { Kernel } from "../kernel/kernel.ts";

interface Message {
  readonly id: number;
  readonly body: string;
  readonly group: string;
  visibleAtMs: number;
  receives: number;
}

interface Lane {
  readonly name: QueueName;
  /** By id, in the order in which they came. */
  readonly messages: Map<number, Message>;
  readonly dead: Message[];
  readonly receivers: Receiver[];
  /** The next look at what becomes visible. */
  look: Event | undefined;
}

/** Somebody who waits for messages. */
export interface Receiver {
  readonly max: number;
  readonly visibilityMs: number;
  /** Given messages, at least one. */
  readonly deliver: (messages: readonly ReceivedMessage[]) => void;
}

/** Deliveries of a message before it becomes a dead letter. */
const MAX_RECEIVES = 20;

/**
 * The queue service that all processes share, on true time: what it holds, and who waits for it. It keeps no order: the
 * message that came last is delivered first.
 */
export class QueueService {
  readonly #kernel: Kernel;
  readonly #lanes = new Map<QueueName, Lane>();
  #nextId = 1;

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
  }

  get names(): readonly QueueName[] {
    return [...this.#lanes.keys()];
  }

  /** Bodies of all messages of a queue, hidden and delayed ones included. */
  bodies(queue: QueueName): readonly string[] {
    return [...this.#lane(queue).messages.values()].map(({ body }) => body);
  }

  send(queue: QueueName, { body, group, delayMs }: OutgoingMessage): void {
    const lane = this.#lane(queue);
    const id = this.#nextId;
    this.#nextId += 1;
    lane.messages.set(id, { id, body, group, visibleAtMs: this.#kernel.nowMs + delayMs, receives: 0 });
    this.#serve(lane);
  }

  /** What is visible now; an empty list when nothing is. */
  take(queue: QueueName, { max, visibilityMs }: Pick<Receiver, "max" | "visibilityMs">): readonly ReceivedMessage[] {
    const lane = this.#lane(queue);
    const { nowMs } = this.#kernel;
    const taken: ReceivedMessage[] = [];
    for (const message of [...lane.messages.values()].toReversed()) {
      if (taken.length >= max) break;
      if (message.visibleAtMs > nowMs) continue;
      if (message.receives >= MAX_RECEIVES) {
        lane.messages.delete(message.id);
        lane.dead.push(message);
        continue;
      }
      message.receives += 1;
      message.visibleAtMs = nowMs + visibilityMs;
      const { body, group, id, receives } = message;
      taken.push({ body, group, receipt: `${id}.${receives}`, receives });
    }
    this.#lookAgain(lane);
    return taken;
  }

  /** Waits for messages; `leave` ends the wait. */
  wait(queue: QueueName, receiver: Receiver): { readonly leave: () => void } {
    const lane = this.#lane(queue);
    lane.receivers.push(receiver);
    this.#lookAgain(lane);
    return {
      leave: () => {
        const place = lane.receivers.indexOf(receiver);
        if (place >= 0) lane.receivers.splice(place, 1);
      },
    };
  }

  extend(queue: QueueName, receipts: readonly string[], visibilityMs: number): void {
    const lane = this.#lane(queue);
    for (const message of this.#delivered(lane, receipts)) message.visibleAtMs = this.#kernel.nowMs + visibilityMs;
    this.#serve(lane);
  }

  delete(queue: QueueName, receipts: readonly string[]): void {
    const lane = this.#lane(queue);
    for (const { id } of this.#delivered(lane, receipts)) lane.messages.delete(id);
  }

  depth(queue: QueueName): { visible: number; delayed: number; inFlight: number; deadLetters: number } {
    const { messages, dead } = this.#lane(queue);
    const { nowMs } = this.#kernel;
    const hidden = [...messages.values()].filter(({ visibleAtMs }) => visibleAtMs > nowMs);
    const delayed = hidden.filter(({ receives }) => receives === 0).length;
    return {
      visible: messages.size - hidden.length,
      delayed,
      inFlight: hidden.length - delayed,
      deadLetters: dead.length,
    };
  }

  dead(queue: QueueName): readonly Message[] {
    return this.#lane(queue).dead;
  }

  redrive(queue: QueueName): number {
    const lane = this.#lane(queue);
    const revived = lane.dead.splice(0);
    for (const { body, group } of revived) this.send(queue, { body, group, delayMs: 0 });
    return revived.length;
  }

  /** Removes every message, as an operator's purge does. */
  purge(): number {
    let count = 0;
    for (const lane of this.#lanes.values()) {
      count += lane.messages.size;
      lane.messages.clear();
    }
    return count;
  }

  /** Gives what is visible to those who wait, in the order in which they came. */
  #serve(lane: Lane): void {
    while (lane.receivers.length > 0) {
      const [receiver] = lane.receivers;
      if (receiver === undefined) return;
      const taken = this.take(lane.name, receiver);
      if (taken.length === 0) return;
      // It may have left or come again over it.
      const place = lane.receivers.indexOf(receiver);
      if (place >= 0) lane.receivers.splice(place, 1);
      receiver.deliver(taken);
    }
    this.#lookAgain(lane);
  }

  #lookAgain(lane: Lane): void {
    if (lane.look !== undefined) lane.look.isCancelled = true;
    lane.look = undefined;
    if (lane.receivers.length === 0) return;
    let soonestMs = Infinity;
    for (const { visibleAtMs } of lane.messages.values()) soonestMs = Math.min(soonestMs, visibleAtMs);
    if (soonestMs === Infinity) return;
    lane.look = this.#kernel.at(soonestMs, () => this.#serve(lane));
  }

  #delivered(lane: Lane, receipts: readonly string[]): readonly Message[] {
    return receipts.flatMap((receipt) => {
      const [id, receives] = receipt.split(".").map(Number);
      const message = lane.messages.get(id ?? 0);
      return message !== undefined && message.receives === receives ? [message] : [];
    });
  }

  #lane(name: QueueName): Lane {
    let lane = this.#lanes.get(name);
    if (lane === undefined) {
      lane = { name, messages: new Map(), dead: [], receivers: [], look: undefined };
      this.#lanes.set(name, lane);
    }
    return lane;
  }
}
