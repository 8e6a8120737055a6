import {
  checkBatchGet,
  checkBatchWrite,
  checkExpectation,
  checkKey,
  checkQuery,
  serialise,
} from "../../adapters/shared/table-rules.ts";
import type {
  BatchWrite,
  Body,
  Expectation,
  Key,
  Page,
  Query,
  Stored,
  Table,
  WriteResult,
} from "../../core/ports/table.ts";
import { type Commit, MemoryItems } from "./memory-items.ts";

/** The Table port in memory. Every call takes effect one turn after it is made, as one step. */
export class MemoryTable implements Table {
  readonly #items = new MemoryItems();

  /** Tells of every commit, before its promise is fulfilled. */
  onCommit(listener: (commit: Commit) => void): void {
    this.#items.onCommit(listener);
  }

  /** All items of the partitions whose key begins with `prefix`, without a turn in between. */
  dump(prefix: string): Stored[] {
    return this.#items.dump(prefix);
  }

  async get(key: Key): Promise<Stored | undefined> {
    checkKey(key);
    await Promise.resolve();
    return this.#items.find(key);
  }

  async batchGet(keys: readonly Key[]): Promise<readonly Stored[]> {
    checkBatchGet(keys);
    await Promise.resolve();
    return keys.flatMap((key) => this.#items.find(key) ?? []);
  }

  async query(query: Query): Promise<Page> {
    checkQuery(query);
    await Promise.resolve();
    return this.#items.page(query);
  }

  async put(key: Key, body: Body, expect: Expectation): Promise<WriteResult> {
    checkKey(key);
    checkExpectation(expect);
    const text = serialise(key, body);
    await Promise.resolve();
    return this.#items.putIf(key, text, expect);
  }

  async delete(key: Key, expect: Expectation): Promise<WriteResult> {
    checkKey(key);
    checkExpectation(expect);
    await Promise.resolve();
    return this.#items.deleteIf(key, expect);
  }

  async batchWrite(writes: readonly BatchWrite[]): Promise<readonly BatchWrite[]> {
    checkBatchWrite(writes);
    const texts = writes.map((write) => ("put" in write ? serialise(write.put.key, write.put.body) : ""));
    await Promise.resolve();
    for (const [index, write] of writes.entries()) {
      if ("put" in write) this.#items.put(write.put.key, texts[index] ?? "");
      else this.#items.delete(write.delete);
    }
    return [];
  }
}
