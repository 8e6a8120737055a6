/**
 * A client has 50 connections, and its time-out for connecting also counts the wait for one of them: what would wait longer
 * is held back here.
 */
export const MAX_IN_FLIGHT = 40;

/** Lets at most so many calls of a client be under way at once; the others wait for their turn, first come first served. */
export class InFlight {
  readonly #max: number;
  readonly #waiting: (() => void)[] = [];
  #count = 0;

  constructor(max = MAX_IN_FLIGHT) {
    this.#max = max;
  }

  async run<T>(call: () => Promise<T>): Promise<T> {
    if (this.#count < this.#max) this.#count += 1;
    // Whoever ends hands its place over, so nobody can slip in between.
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await call();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#count -= 1;
      else next();
    }
  }
}
