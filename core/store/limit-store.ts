import { type Limit, NO_HOLDERS } from "../limit/limit.ts";
import type { Table } from "../ports/table.ts";
import { keys } from "./keys.ts";

const MAX_ROUNDS = 50;

/** Limits by key, changed by compare-and-set. */
export class LimitStore {
  readonly #table: Table;

  constructor(table: Table) {
    this.#table = table;
  }

  async find(key: string): Promise<Limit> {
    const stored = await this.#table.get(keys.limit(key));
    return stored === undefined ? NO_HOLDERS : (stored.body as Limit);
  }

  /**
   * Reads the limit, lets `decide` choose, and writes its choice unless another writer came between; then anew.
   * `decide` may be called several times.
   *
   * @param decide - returns the new limit, or `undefined` to leave it as it is, with a result for the caller
   */
  async change<R>(
    key: string,
    decide: (limit: Limit) => Promise<{ limit?: Limit; result: R }> | { limit?: Limit; result: R },
  ): Promise<R> {
    for (let round = 0; round < MAX_ROUNDS; round += 1) {
      const stored = await this.#table.get(keys.limit(key));
      const choice = await decide(stored === undefined ? NO_HOLDERS : (stored.body as Limit));
      if (choice.limit === undefined) return choice.result;
      const written = await this.#table.put(keys.limit(key), choice.limit, stored?.rev ?? "absent");
      if (written.ok) return choice.result;
    }
    throw new Error(`Cannot change limit "${key}": ${MAX_ROUNDS} other changes came first`);
  }
}
