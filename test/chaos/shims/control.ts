import { closeSync, openSync, writeSync } from "node:fs";

/** What the shims of all processes are told, in a file of two numbers. */
export interface Orders {
  /** Added to the wall clock of the host. */
  readonly clockOffsetMs: number;
  /** `PRAGMA max_page_count` of every connection; 0: none. */
  readonly maxPages: number;
}

/** Bytes of the file. */
export const ORDERS_BYTES = 16;

/** The file by which the shims of all processes are told what to feign. */
export class Control {
  readonly path: string;
  readonly #file: number;
  #orders: Orders = { clockOffsetMs: 0, maxPages: 0 };

  constructor(path: string) {
    this.path = path;
    this.#file = openSync(path, "w");
    this.set({});
  }

  get orders(): Orders {
    return this.#orders;
  }

  /** Steps of the clock so far, as the instants before and after each, in the host's wall time. */
  readonly clockSteps: { readonly fromMs: number; readonly toMs: number }[] = [];

  /** The latest wall time that the processes under test have been shown so far: what a slot can have fired by. */
  latestMs(): number {
    return Math.max(this.hostNowMs(), ...this.clockSteps.map(({ fromMs }) => fromMs));
  }

  stepClock(byMs: number): void {
    const fromMs = this.hostNowMs();
    this.clockSteps.push({ fromMs, toMs: fromMs + byMs });
    this.set({ clockOffsetMs: this.#orders.clockOffsetMs + byMs });
  }

  /** Brings the clock to the latest that it has shown so far, as a correction would: nothing has to be waited for. */
  mendClock(): void {
    const behindMs = this.latestMs() - this.hostNowMs();
    if (behindMs > 0) this.stepClock(behindMs);
  }

  /** Wall time as the processes under test are told it. */
  hostNowMs(): number {
    return Date.now() + this.#orders.clockOffsetMs;
  }

  set(orders: Partial<Orders>): void {
    this.#orders = { ...this.#orders, ...orders };
    const bytes = Buffer.alloc(ORDERS_BYTES);
    bytes.writeDoubleBE(this.#orders.clockOffsetMs, 0);
    bytes.writeDoubleBE(this.#orders.maxPages, 8);
    // One write of few bytes: a reader sees all of it or nothing.
    writeSync(this.#file, bytes, 0, ORDERS_BYTES, 0);
  }

  close(): void {
    closeSync(this.#file);
  }
}
