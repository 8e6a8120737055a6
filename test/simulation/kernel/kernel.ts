import { type Event, EventHeap } from "./event-heap.ts";

/** Kept here, before any tripwire is laid. */
const nextTurn = globalThis.setImmediate;

/** More events than any history has; one that gets here goes round in circles. */
const MAX_EVENTS = 3_000_000;

/**
 * Virtual time. One loop: take the soonest event, move the time to it, let it happen, then let every promise reaction
 * that follows happen too, before the next event. Continuations run in the order in which their promises were settled,
 * and nothing else wakes the code under test; so a history is a function of what the events decide.
 */
export class Kernel {
  /** Milliseconds since the history began. */
  nowMs = 0;
  readonly epochMs: number;
  /** Events that have happened. */
  happened = 0;
  #order = 0;
  #isStopped = false;
  readonly #events = new EventHeap();

  /** @param epochMs - true wall time at which the history begins, epoch milliseconds */
  constructor(epochMs: number) {
    this.epochMs = epochMs;
  }

  /** True wall time, epoch milliseconds: what a host's clock would show that is never wrong. */
  get trueMs(): number {
    return this.epochMs + this.nowMs;
  }

  /** Lets `run` happen at an instant, now at the earliest. */
  at(atMs: number, run: () => void): Event {
    this.#order += 1;
    const event = { atMs: Math.max(atMs, this.nowMs), order: this.#order, run, isCancelled: false };
    this.#events.push(event);
    return event;
  }

  in(ms: number, run: () => void): Event {
    return this.at(this.nowMs + ms, run);
  }

  /** Whether so much has happened that it can't have an end. */
  get isEndless(): boolean {
    return this.happened >= MAX_EVENTS;
  }

  /** Ends `runUntil` after the event that is happening. */
  stop(): void {
    this.#isStopped = true;
  }

  /** Lets everything happen up to `untilMs`, and moves the time there. */
  async runUntil(untilMs: number): Promise<void> {
    if (this.#isStopped) return;
    // What was started before the first event waits in the queue of promises: without this turn it would begin with it.
    await turn();
    for (let next = this.#events.peek(); next !== undefined && next.atMs <= untilMs; next = this.#events.peek()) {
      this.#events.pop();
      if (next.isCancelled) continue;
      this.nowMs = next.atMs;
      next.run();
      this.happened += 1;
      await turn();
      if (this.happened >= MAX_EVENTS) this.#isStopped = true;
      if (this.#isStopped) return;
    }
    this.nowMs = Math.max(this.nowMs, untilMs);
  }
}

/** All promise reactions have run, and those that follow from them. */
function turn(): Promise<void> {
  return new Promise((resolve) => nextTurn(resolve));
}
