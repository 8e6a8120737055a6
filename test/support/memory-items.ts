import { isBelow } from "../../adapters/shared/utf8-order.ts";
import type { Body, Expectation, Key, Page, Query, Stored, WriteResult } from "../../core/ports/table.ts";

/** One change of one item, in the order in which they were made. */
export interface Commit {
  readonly key: Key;
  readonly before: Body | undefined;
  readonly after: Body | undefined;
}

interface Item {
  readonly text: string;
  readonly rev: number;
  /** Read from the text once; all readers share it, so it can't be changed. */
  body?: Body;
}

interface Partition {
  readonly items: Map<string, Item>;
  /** All sort keys, in byte order. */
  readonly order: string[];
}

/** What a table holds, without the time that its calls take: the rules of the Table port, each as one step. */
export class MemoryItems {
  readonly #partitions = new Map<string, Partition>();
  readonly #listeners: ((commit: Commit) => void)[] = [];

  /** Tells of every commit as it is made. */
  onCommit(listener: (commit: Commit) => void): void {
    this.#listeners.push(listener);
  }

  /** All items of the partitions whose key begins with `prefix`. */
  dump(prefix: string): Stored[] {
    const found: Stored[] = [];
    for (const [pk, { order }] of this.#partitions) {
      if (pk.startsWith(prefix)) found.push(...order.flatMap((sk) => this.find({ pk, sk }) ?? []));
    }
    return found;
  }

  find(key: Key): Stored | undefined {
    const item = this.#partitions.get(key.pk)?.items.get(key.sk);
    return item === undefined ? undefined : { key: { ...key }, body: bodyOf(item), rev: item.rev };
  }

  page({ pk, from, before, after, limit, descending = false }: Query): Page {
    const order = this.#partitions.get(pk)?.order ?? [];
    let least = from === undefined ? 0 : placeOf(order, from);
    let beyond = before === undefined ? order.length : placeOf(order, before);
    if (after !== undefined && descending) beyond = Math.min(beyond, placeOf(order, after));
    if (after !== undefined && !descending) least = Math.max(least, placeOf(order, `${after}\0`));
    const page = descending
      ? order.slice(Math.max(least, beyond - limit), Math.max(least, beyond)).toReversed()
      : order.slice(least, Math.min(beyond, least + limit));
    const items = page.flatMap((sk) => this.find({ pk, sk }) ?? []);
    const last = page.at(-1);
    return last !== undefined && page.length === limit ? { items, next: last } : { items };
  }

  /** @param text - the body, serialised */
  putIf(key: Key, text: string, expect: Expectation): WriteResult {
    const current = this.find(key);
    if (!holds(expect, current)) return { ok: false, current };
    return { ok: true, rev: this.put(key, text) };
  }

  deleteIf(key: Key, expect: Expectation): WriteResult {
    const current = this.find(key);
    if (!holds(expect, current)) return { ok: false, current };
    this.delete(key);
    return { ok: true, rev: current?.rev ?? 0 };
  }

  /** @returns the item's revision */
  put(key: Key, text: string): number {
    let partition = this.#partitions.get(key.pk);
    if (partition === undefined) this.#partitions.set(key.pk, (partition = { items: new Map(), order: [] }));
    const former = partition.items.get(key.sk);
    if (former === undefined) partition.order.splice(placeOf(partition.order, key.sk), 0, key.sk);
    const rev = (former?.rev ?? 0) + 1;
    const item: Item = { text, rev };
    partition.items.set(key.sk, item);
    this.#tell(key, former, item);
    return rev;
  }

  delete(key: Key): void {
    const partition = this.#partitions.get(key.pk);
    const former = partition?.items.get(key.sk);
    if (partition === undefined || former === undefined) return;
    partition.items.delete(key.sk);
    partition.order.splice(placeOf(partition.order, key.sk), 1);
    this.#tell(key, former, undefined);
  }

  #tell(key: Key, before: Item | undefined, after: Item | undefined): void {
    if (this.#listeners.length === 0) return;
    const commit: Commit = { key, before: before && bodyOf(before), after: after && bodyOf(after) };
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

function bodyOf(item: Item): Body {
  return (item.body ??= frozen(JSON.parse(item.text)) as Body);
}

function frozen(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  for (const part of Object.values(value)) frozen(part);
  return Object.freeze(value);
}
