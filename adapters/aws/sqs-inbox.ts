import type { Message, SQSClient } from "@aws-sdk/client-sqs";
import type { Clock } from "../../core/ports/clock.ts";
import type { ReceiveOptions, StopSignal } from "../../core/ports/queue.ts";
import { receiptsOf } from "./sqs-messages.ts";
import { fill, type Page, receivePage } from "./sqs-receive.ts";
import type { SqsReceipts } from "./sqs-receipts.ts";

export interface SqsInboxOptions {
  readonly client: SQSClient;
  readonly url: string;
  readonly receipts: SqsReceipts;
  readonly clock: Clock;
}

/** A ReceiveMessage on the wire. */
interface Poll {
  readonly page: Promise<Page>;
  /** What it asks for: its messages are hidden for so long from the instant at which it brings them. */
  readonly visibilityMs: number;
}

/** How long messages that nobody waited for are kept for the next receive. */
const KEEP_MS = 1_000;
/** How much later than its long poll an answer may come before its receive goes home. */
const PATIENCE_MS = 5_000;

/**
 * The receives of one queue. A receive may have to end before its long poll does: its signal is aborted, or its wait is no
 * whole number of seconds. The request is never torn down then, since the service may be answering it: the messages of that
 * answer would be hidden for their whole time with nobody to know of them. Instead
 *
 * - the poll is left on the wire, and the next receive that waits takes it up in place of one of its own: so there are
 *   never more polls than there were receives at once, however often they are aborted;
 * - what it brings while nobody waits is kept for `KEEP_MS`. A receive in that time gets it, hidden anew for its own
 *   `visibilityMs`; otherwise it is made visible again, for other processes;
 * - what it fails with is told to the receive that took it up, and to nobody when none did.
 *
 * A process that ends meanwhile should `close` first: otherwise such messages stay hidden until their time is over.
 */
export class SqsInbox {
  readonly #client: SQSClient;
  readonly #url: string;
  readonly #receipts: SqsReceipts;
  readonly #clock: Clock;
  /** Polls that nobody waits for, the oldest first. */
  readonly #left: Poll[] = [];
  readonly #kept = new Set<Message>();
  readonly #closing = new AbortController();
  readonly #unfinished = new Set<Promise<void>>();

  constructor({ client, url, receipts, clock }: SqsInboxOptions) {
    this.#client = client;
    this.#url = url;
    this.#receipts = receipts;
    this.#clock = clock;
  }

  async receive(options: ReceiveOptions): Promise<readonly Message[]> {
    const { max, visibilityMs, signal } = options;
    if (signal?.aborted === true) return [];
    const kept = [...this.#kept].slice(0, max);
    if (kept.length > 0) return this.#handOver(kept, visibilityMs);
    const first = await this.#firstPage(options);
    this.#keep(first.messages.slice(max));
    return fill(
      { ...first, messages: first.messages.slice(0, max) },
      {
        max,
        poll: (share) => receivePage(this.#client, this.#url, { max: share, waitMs: 0, visibilityMs }),
        goesOn: (wave) => signal?.aborted !== true && wave.every(({ isFull }) => isFull),
      },
    );
  }

  /** Gives back at once what is kept, and what polls on the wire still bring; resolves when the last has ended. */
  async close(): Promise<void> {
    this.#closing.abort();
    while (this.#unfinished.size > 0) await Promise.all(this.#unfinished);
  }

  async #handOver(messages: readonly Message[], visibilityMs: number): Promise<readonly Message[]> {
    for (const message of messages) this.#kept.delete(message);
    await this.#receipts.hide(this.#url, receiptsOf(messages), visibilityMs);
    return messages;
  }

  async #firstPage({ max, waitMs, visibilityMs, signal }: ReceiveOptions): Promise<Page> {
    const deadlineMs = this.#clock.monotonicMs() + waitMs;
    const found = waitMs > 0 ? this.#left.shift() : undefined;
    let leftMs = waitMs;
    if (found !== undefined) {
      const page = await this.#orLeave(found, waitMs, signal);
      if (page.messages.length > 0 && found.visibilityMs !== visibilityMs) {
        await this.#receipts.hide(this.#url, receiptsOf(page.messages), visibilityMs);
      }
      leftMs = deadlineMs - this.#clock.monotonicMs();
      if (page.messages.length > 0 || leftMs <= 0 || signal?.aborted === true) return page;
    }
    const page = receivePage(this.#client, this.#url, { max, waitMs: leftMs, visibilityMs });
    const patienceMs = leftMs % 1_000 === 0 ? leftMs + PATIENCE_MS : leftMs;
    return this.#orLeave({ page, visibilityMs }, patienceMs, signal);
  }

  /** The poll's page, or an empty one when `patienceMs` are over or the signal is aborted first. */
  async #orLeave(poll: Poll, patienceMs: number, signal: StopSignal | undefined): Promise<Page> {
    const waking = new AbortController();
    const wake = (): void => waking.abort();
    signal?.addEventListener("abort", wake, { once: true });
    try {
      const leaving = this.#clock.sleep(patienceMs, waking.signal);
      const page = await Promise.race([poll.page, leaving]);
      if (page !== undefined) return page;
      this.#leave(poll);
      return EMPTY_PAGE;
    } finally {
      signal?.removeEventListener("abort", wake);
      wake();
    }
  }

  #leave(poll: Poll): void {
    this.#left.push(poll);
    this.#track(this.#collect(poll));
  }

  async #collect(poll: Poll): Promise<void> {
    const page = await poll.page.catch(() => EMPTY_PAGE);
    if (this.#forget(poll)) this.#keep(page.messages);
  }

  /** Whether the poll was still left: it may have been taken up, and left again, since. */
  #forget(poll: Poll): boolean {
    const index = this.#left.indexOf(poll);
    if (index >= 0) this.#left.splice(index, 1);
    return index >= 0;
  }

  #keep(messages: readonly Message[]): void {
    if (messages.length === 0) return;
    for (const message of messages) this.#kept.add(message);
    this.#track(this.#giveBackLater(messages));
  }

  async #giveBackLater(messages: readonly Message[]): Promise<void> {
    await this.#clock.sleep(KEEP_MS, this.#closing.signal);
    const unclaimed = messages.filter((message) => this.#kept.delete(message));
    // Should it fail, they become visible when their time is over: nothing else could be done.
    await this.#receipts.hide(this.#url, receiptsOf(unclaimed), 0).catch(() => undefined);
  }

  #track(work: Promise<void>): void {
    const tracked = work.finally(() => this.#unfinished.delete(tracked));
    this.#unfinished.add(tracked);
  }
}

const EMPTY_PAGE: Page = { messages: [], isFull: false };
