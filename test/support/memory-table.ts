import { checkBatchGet, checkBatchWrite, checkKey, checkQuery, serialise } from "../../adapters/shared/table-rules.ts";
import { isBelow } from "../../adapters/shared/utf8-order.ts";
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

/** One change of one item, in the order in which the table made them. */
export interface Commit {
  readonly key: Key;
  readonly before: Body | undefined;
  readonly after: Body | undefined;
}

interface Item {
  readonly text: string;
  readonly rev: number;
}

interface Partition {
  readonly items: Map<string, Item>;
  /** All sort keys, in byte order. */
  readonly order: string[];
}

/** The Table port in memory. Every call takes effect one turn after it is made, as one step. */
export class MemoryTable implements Table {
  readonly #partitions = new Map<string, Partition>();
  readonly #listeners: ((commit: Commit) => void)[] = [];

  /** Tells of every commit, before its promise is fulfilled. */
  onCommit(listener: (commit: Commit) => void): void {
    this.#listeners.push(listener);
  }

  /** All items of the partitions whose key begins with `prefix`, without a turn in between. */
  dump(prefix: string): Stored[] {
    const found: Stored[] = [];
    for (const [pk, { order }] of this.#partitions) {
      if (pk.startsWith(prefix)) found.push(...order.flatMap((sk) => this.#find({ pk, sk }) ?? []));
    }
    return found;
  }

  async get(key: Key): Promise<Stored | undefined> {
    checkKey(key);
    await Promise.resolve();
    return this.#find(key);
  }

  async batchGet(keys: readonly Key[]): Promise<readonly Stored[]> {
    checkBatchGet(keys);
    await Promise.resolve();
    return keys.flatMap((key) => this.#find(key) ?? []);
  }

  async query(query: Query): Promise<Page> {
    checkQuery(query);
    await Promise.resolve();
    const { pk, from, before, after, limit, descending = false } = query;
    const order = this.#partitions.get(pk)?.order ?? [];
    let least = from === undefined ? 0 : placeOf(order, from);
    let beyond = before === undefined ? order.length : placeOf(order, before);
    if (after !== undefined && descending) beyond = Math.min(beyond, placeOf(order, after));
    if (after !== undefined && !descending) least = Math.max(least, placeOf(order, `${after}\0`));
    const page = descending
      ? order.slice(Math.max(least, beyond - limit), Math.max(least, beyond)).toReversed()
      : order.slice(least, Math.min(beyond, least + limit));
    const items = page.flatMap((sk) => this.#find({ pk, sk }) ?? []);
    const last = page.at(-1);
    return last !== undefined && page.length === limit ? { items, next: last } : { items };
  }

  async put(key: Key, body: Body, expect: Expectation): Promise<WriteResult> {
    checkKey(key);
    const text = serialise(key, body);
    await Promise.resolve();
    const current = this.#find(key);
    if (!holds(expect, current)) return { ok: false, current };
    return { ok: true, rev: this.#write(key, text) };
  }

  async delete(key: Key, expect: Expectation): Promise<WriteResult> {
    checkKey(key);
    await Promise.resolve();
    const current = this.#find(key);
    if (!holds(expect, current)) return { ok: false, current };
    this.#remove(key);
    return { ok: true, rev: current?.rev ?? 0 };
  }

  async batchWrite(writes: readonly BatchWrite[]): Promise<readonly BatchWrite[]> {
    checkBatchWrite(writes);
    const texts = writes.map((write) => ("put" in write ? serialise(write.put.key, write.put.body) : ""));
    await Promise.resolve();
    for (const [index, write] of writes.entries()) {
      if ("put" in write) this.#write(write.put.key, texts[index] ?? "");
      else this.#remove(write.delete);
    }
    return [];
  }

  #find(key: Key): Stored | undefined {
    const item = this.#partitions.get(key.pk)?.items.get(key.sk);
    return item === undefined ? undefined : { key: { ...key }, body: parse(item.text), rev: item.rev };
  }

  #write(key: Key, text: string): number {
    let partition = this.#partitions.get(key.pk);
    if (partition === undefined) this.#partitions.set(key.pk, (partition = { items: new Map(), order: [] }));
    const former = partition.items.get(key.sk);
    if (former === undefined) partition.order.splice(placeOf(partition.order, key.sk), 0, key.sk);
    const rev = (former?.rev ?? 0) + 1;
    partition.items.set(key.sk, { text, rev });
    this.#tell(key, former?.text, text);
    return rev;
  }

  #remove(key: Key): void {
    const partition = this.#partitions.get(key.pk);
    const former = partition?.items.get(key.sk);
    if (partition === undefined || former === undefined) return;
    partition.items.delete(key.sk);
    partition.order.splice(placeOf(partition.order, key.sk), 1);
    this.#tell(key, former.text, undefined);
  }

  #tell(key: Key, before: string | undefined, after: string | undefined): void {
    if (this.#listeners.length === 0) return;
    const commit = { key, before: before && parse(before), after: after && parse(after) } as Commit;
    for (const listener of this.#listeners) listener(commit);
  }
}

function holds(expect: Expectation, current: Stored | undefined): boolean {
  if (expect === "any") return true;
  return expect === "absent" ? current === undefined : current?.rev === expect;
}

/** Where `key` stands, or would stand, in byte order. */
function placeOf(order: readonly string[], key: string): number {
  let low = 0;
  let high = order.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (isBelow(order[middle] ?? "", key)) low = middle + 1;
    else high = middle;
  }
  return low;
}

function parse(text: string): Body {
  return JSON.parse(text) as Body;
}
