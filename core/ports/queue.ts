/**
 * The Queue port: at-least-once messages with a delay, deliberately no richer than standard SQS queues.
 *
 * A message may be delivered more than once, late and out of order; it is never delivered before its delay is over.
 * A received message is hidden for `visibilityMs`; unless it is deleted or extended by then, it is delivered again.
 * A message that has had `maxReceives` deliveries moves to the dead letters of its queue at the receive that would be one
 * more.
 */
export interface Queue {
  /**
   * Sends up to 10 messages. The promise is fulfilled when all accepted ones will be delivered, unless the machine
   * that keeps the queue loses power: a message is a hint, and whoever sends it has put down elsewhere what it is about.
   * Those that the service declined are returned, for a retry. After a rejection any part of the batch may have been sent.
   */
  send(queue: QueueName, messages: readonly OutgoingMessage[]): Promise<readonly OutgoingMessage[]>;

  /**
   * Up to `max` (1 to 1,000) visible messages. Waits up to `waitMs` (0 to 20,000) for the first one; wakes early when
   * `signal` is aborted, then with an empty list. Among groups with visible messages the service shares fairly, so that
   * a group with a long backlog does not hold up the others.
   */
  receive(queue: QueueName, options: ReceiveOptions): Promise<readonly ReceivedMessage[]>;

  /** Hides received messages for `visibilityMs` (0 to 12 h) from now; 0 makes them visible at once. Unknown or stale receipts are ignored. */
  extend(queue: QueueName, receipts: readonly string[], visibilityMs: number): Promise<void>;

  /** Removes received messages. Unknown or stale receipts are ignored. */
  delete(queue: QueueName, receipts: readonly string[]): Promise<void>;

  /**
   * Approximate counts, for display and scaling. `oldestAgeMs` counts visible messages from the instant they became visible;
   * it is absent where the service does not tell it (SQS).
   */
  depth(queue: QueueName): Promise<QueueDepth>;

  /**
   * Up to `max` dead letters, oldest first, without removing them. Where there are more, SQS chooses which; a look counts
   * there as a receive, and two looks at once may each see a part.
   */
  deadLetters(queue: QueueName, max: number): Promise<readonly DeadLetter[]>;

  /**
   * Makes all dead letters of the queue visible messages again; returns how many. On SQS 10,000 at most; more with another
   * call. After a rejection some may be both.
   */
  redrive(queue: QueueName): Promise<number>;
}

/**
 * `<pool>.<priority>`, for example `default.normal`: letters, digits, `.`, `_` and `-`, at most 80. On SQS a pool is of a-z,
 * 0-9 and `-`, at most 40.
 */
export type QueueName = string;

export interface OutgoingMessage {
  /** A JSON text of at most 256 KB. SQS takes U+FFFE and U+FFFF only escaped. */
  readonly body: string;
  /** The fairness group: the namespace of the run; 1 to 128 characters, on SQS ASCII ones without spaces. */
  readonly group: string;
  /** 0 to 900,000. Adapters may round down to whole seconds, never up. */
  readonly delayMs: number;
}

export interface ReceiveOptions {
  readonly max: number;
  readonly waitMs: number;
  readonly visibilityMs: number;
  readonly signal?: StopSignal;
}

export interface ReceivedMessage {
  readonly body: string;
  readonly group: string;
  /** Names this delivery; a later delivery of the same message has another one. */
  readonly receipt: string;
  /** Deliveries so far, this one included. */
  readonly receives: number;
}

export interface QueueDepth {
  readonly visible: number;
  readonly delayed: number;
  readonly inFlight: number;
  readonly deadLetters: number;
  readonly oldestAgeMs?: number;
}

export interface DeadLetter {
  readonly body: string;
  readonly group: string;
  readonly receives: number;
}

/** The part of the platform's AbortSignal that the core may see. */
export interface StopSignal {
  readonly aborted: boolean;
  addEventListener(type: "abort", listener: () => void, options?: { once?: boolean }): void;
  removeEventListener(type: "abort", listener: () => void): void;
}

export const MAX_SEND = 10;
export const MAX_DELAY_MS = 900_000;
