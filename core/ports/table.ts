/**
 * The Table port: one conditional key-value table, deliberately no richer than DynamoDB.
 *
 * An item is a JSON object under a partition key and a sort key. Each item carries a revision that the table raises by
 * one at every single write of it; the only conditions are "absent" and "still at this revision", on the item written.
 * There are no transactions across items and no secondary indexes. Reads are strongly consistent.
 *
 * Concurrency: all writes of one item are totally ordered; of two conditional writes that expect the same revision
 * exactly one wins. A write whose promise is fulfilled is durable, unless it was
 * asked to be `lazy`. A write whose promise is rejected with
 * `UNKNOWN_OUTCOME` may or may not have happened: read back before deciding.
 */
export interface Table {
  /** The item as of now, or `undefined`. */
  get(key: Key): Promise<Stored | undefined>;

  /** The items that exist among `keys` (at most 100, all different), in no particular order. */
  batchGet(keys: readonly Key[]): Promise<readonly Stored[]>;

  /** Items of one partition in ascending (or descending) order of their sort key, one page at a time. */
  query(query: Query): Promise<Page>;

  /** Writes the whole item if `expect` holds. */
  put(key: Key, body: Body, expect: Expectation, options?: PutOptions): Promise<WriteResult>;

  /**
   * Removes the item if `expect` holds; `rev` is then that of the item removed. Removing an absent item without
   * expectation, or expecting it to be absent, succeeds with `rev` 0.
   */
  delete(key: Key, expect: Expectation): Promise<WriteResult>;

  /**
   * Up to 25 unconditional writes, at most one an item. A put gives the item a revision that it never had, and a higher
   * one than its last unless the clocks of two hosts disagree or batches overtake each other; it need not be the next. Neither atomic nor ordered:
   * when the promise is rejected, any part of the batch may have been applied. Those that the store declined
   * (throttling) are returned, for a retry.
   */
  batchWrite(writes: readonly BatchWrite[]): Promise<readonly BatchWrite[]>;
}

/** Non-empty, well-formed Unicode strings of at most 1,024 bytes each in UTF-8, compared by those bytes. */
export interface Key {
  readonly pk: string;
  readonly sk: string;
}

/** A JSON object, at most 350 KB when serialised (DynamoDB's limit is 400 KB with keys and overhead). */
export type Body = object;

export interface Stored {
  readonly key: Key;
  readonly body: Body;
  /** From 1, raised by one at every single write of the item, by any step in a batch; counts anew after a delete. */
  readonly rev: number;
}

/** `"any"`: no condition · `"absent"`: no such item · a whole number: the item is at this revision. */
export type Expectation = "any" | "absent" | number;

export interface PutOptions {
  /**
   * Fulfilled when every reader sees it, which may be before it is durable: a loss of power, and nothing less, may undo
   * it, with or without what came after it. For what means nothing once the machines are gone: claims and heartbeats of
   * processes. Tables that are always durable take no notice. Default `false`.
   */
  readonly lazy?: boolean;
}

/** `current` is the item that broke the expectation; absent when there is none. */
export type WriteResult =
  | { readonly ok: true; readonly rev: number }
  | { readonly ok: false; readonly current: Stored | undefined };

export interface Query {
  readonly pk: string;
  /** Least sort key, inclusive. Default: from the start of the partition. */
  readonly from?: string;
  /** Sort keys are below this one. Default: to the end of the partition. */
  readonly before?: string;
  /** At most this many items, 1 to 1,000. A page may hold fewer and still have a `next`. */
  readonly limit: number;
  readonly descending?: boolean;
  /** Sort key after which to go on: a former page's `next`. */
  readonly after?: string;
}

export interface Page {
  readonly items: readonly Stored[];
  /** Present when there may be more, even when `items` is empty. */
  readonly next?: string;
}

export type BatchWrite = { readonly put: { readonly key: Key; readonly body: Body } } | { readonly delete: Key };

export const MAX_BATCH_GET = 100;
export const MAX_BATCH_WRITE = 25;
