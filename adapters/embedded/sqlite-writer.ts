import type { DatabaseSync } from "node:sqlite";
import type { Expectation } from "../../core/ports/table.ts";
import { prepareQueueWrites } from "./sqlite-queue-statements.ts";

/** A row of the Table as it is stored. */
export type ItemRow = { readonly sk: string; readonly rev: number; readonly body: string };

/** The revision written, or the row that was in the way (`undefined`: none). */
export type PutOutcome = number | { readonly current: ItemRow | undefined };

/** A message as it is delivered. */
export type Delivery = {
  readonly id: number;
  readonly receives: number;
  readonly group: string;
  readonly body: string;
};

/** Names one delivery of one message. */
export type DeliveryId = readonly [id: number, receives: number];

export interface SqliteWriterOptions {
  /** Names the process among those that share the file. */
  readonly holder: string;
  /** Deliveries of a message before it moves to the dead letters. */
  readonly maxReceives: number;
}

/**
 * Everything that is written to the database, one method an operation, to be called inside a transaction. Arguments and
 * results can be sent to another thread. Instants come with the call, so that it does not matter when it is its turn.
 */
export class SqliteWriter {
  readonly #options: SqliteWriterOptions;
  readonly #items: ReturnType<typeof prepareItemWrites>;
  readonly #messages: ReturnType<typeof prepareQueueWrites>;
  /** Per queue the group that was served last; the next receive begins behind it. */
  readonly #lastServed = new Map<string, string>();

  constructor(database: DatabaseSync, options: SqliteWriterOptions) {
    this.#options = options;
    this.#items = prepareItemWrites(database);
    this.#messages = prepareQueueWrites(database);
  }

  put(pk: string, sk: string, text: string, expect: Expectation): PutOutcome {
    if (expect === "any") return (this.#items.upsert.get(pk, sk, text) as { rev: number }).rev;
    const { changes } =
      expect === "absent" ? this.#items.insert.run(pk, sk, text) : this.#items.update.run(text, pk, sk, expect);
    if (changes === 1) return expect === "absent" ? 1 : expect + 1;
    return { current: this.#find(pk, sk) };
  }

  /** The revision removed, 0 when there was none and that was expected. */
  remove(pk: string, sk: string, expect: Expectation): PutOutcome {
    const current = this.#find(pk, sk);
    const holds = expect === "any" || (expect === "absent" ? current === undefined : current?.rev === expect);
    if (!holds) return { current };
    if (current !== undefined) this.#items.remove.run(pk, sk);
    return current?.rev ?? 0;
  }

  /** Unconditional puts, and removals where there is no text. */
  writeAll(writes: readonly (readonly [pk: string, sk: string, text: string | undefined])[]): void {
    for (const [pk, sk, text] of writes) {
      if (text === undefined) this.#items.remove.run(pk, sk);
      else this.put(pk, sk, text, "any");
    }
  }

  send(
    queue: string,
    nowMs: number,
    messages: readonly (readonly [group: string, delayMs: number, body: string])[],
  ): void {
    for (const [group, delayMs, body] of messages) {
      this.#messages.send.run(queue, group, delayMs === 0 ? 1 : 0, nowMs + delayMs, body);
    }
  }

  /** Takes from all groups with visible messages in rounds of equal shares, until there is enough or nothing is left. */
  take(queue: string, nowMs: number, max: number, visibilityMs: number): Delivery[] {
    const taken: Delivery[] = [];
    this.#uncover(queue, max, nowMs);
    let room = max;
    for (let groups = this.#readyGroups(queue, max); groups.length > 0 && room > 0;) {
      const share = Math.max(1, Math.floor(room / groups.length));
      const unfinished: string[] = [];
      for (const group of groups.slice(0, room)) {
        const rows = this.#messages.take.all(
          nowMs + visibilityMs,
          this.#options.holder,
          queue,
          group,
          share,
        ) as Delivery[];
        for (const row of rows) if (!this.#bury(row)) taken.push(row);
        if (rows.length === share) unfinished.push(group);
        room -= rows.length;
        this.#lastServed.set(queue, group);
      }
      groups = unfinished;
    }
    return taken;
  }

  hide(queue: string, visibleAtMs: number, deliveries: readonly DeliveryId[]): void {
    for (const [id, receives] of deliveries) this.#messages.extend.run(visibleAtMs, id, receives, queue);
  }

  discard(queue: string, deliveries: readonly DeliveryId[]): void {
    for (const [id, receives] of deliveries) this.#messages.delete.run(id, receives, queue);
  }

  /** Makes visible at once what a gone process had received; returns the queues in which there was something. */
  release(holder: string, nowMs: number): { readonly count: number; readonly queues: readonly string[] } {
    const queues: string[] = [];
    let count = 0;
    for (let queue = this.#hiddenQueueAfter(""); queue !== undefined; queue = this.#hiddenQueueAfter(queue)) {
      const { changes } = this.#messages.release.run(nowMs, queue, nowMs + LONGEST_HOLD_MS, holder);
      count += Number(changes);
      if (changes !== 0) queues.push(queue);
    }
    return { count, queues };
  }

  /** Makes up to `limit` dead letters visible messages again; returns how many. */
  redrive(queue: string, nowMs: number, limit: number): number {
    const ids = this.#messages.deadLetterIds.all(queue, limit) as { id: number }[];
    for (const { id } of ids) {
      this.#messages.revive.run(nowMs, id);
      this.#messages.removeDeadLetter.run(id);
    }
    return ids.length;
  }

  #find(pk: string, sk: string): ItemRow | undefined {
    return this.#items.find.get(pk, sk) as ItemRow | undefined;
  }

  /** Makes hidden messages ready whose time has come: more than are taken, but not all at once when very many are due. */
  #uncover(queue: string, max: number, nowMs: number): void {
    const next = this.#messages.nextHidden.get(queue) as { visibleAtMs: number } | undefined;
    if (next !== undefined && next.visibleAtMs <= nowMs) {
      this.#messages.uncover.run(queue, nowMs, Math.max(LEAST_UNCOVERED, 2 * max));
    }
  }

  /** Up to `max` groups with ready messages, in turn: beginning behind the one that was served last. */
  #readyGroups(queue: string, max: number): string[] {
    const groups: string[] = [];
    for (const start of [this.#lastServed.get(queue) ?? "", ""]) {
      for (let group = this.#groupAfter(queue, start); group !== undefined; group = this.#groupAfter(queue, group)) {
        if (groups.length === max || group === groups[0]) return groups;
        groups.push(group);
      }
    }
    return groups;
  }

  #groupAfter(queue: string, group: string): string | undefined {
    return (this.#messages.groupAfter.get(queue, group) as { grp: string } | undefined)?.grp;
  }

  #hiddenQueueAfter(queue: string): string | undefined {
    return (this.#messages.hiddenQueueAfter.get(queue) as { queue: string } | undefined)?.queue;
  }

  /** Moves a message that has had all its deliveries to the dead letters; `false` when it has not. */
  #bury({ id, receives }: Delivery): boolean {
    if (receives <= this.#options.maxReceives) return false;
    this.#messages.bury.run(id);
    this.#messages.remove.run(id);
    return true;
  }
}

/** How far ahead messages in flight are looked for; workers renew their holds every second for a few. */
const LONGEST_HOLD_MS = 60_000;
const LEAST_UNCOVERED = 1_000;

function prepareItemWrites(database: DatabaseSync) {
  return {
    find: database.prepare("SELECT sk, rev, body FROM item WHERE pk = ? AND sk = ?"),
    insert: database.prepare("INSERT INTO item (pk, sk, rev, body) VALUES (?, ?, 1, ?) ON CONFLICT DO NOTHING"),
    update: database.prepare("UPDATE item SET rev = rev + 1, body = ? WHERE pk = ? AND sk = ? AND rev = ?"),
    upsert: database.prepare(
      `INSERT INTO item (pk, sk, rev, body) VALUES (?, ?, 1, ?)
       ON CONFLICT (pk, sk) DO UPDATE SET rev = rev + 1, body = excluded.body RETURNING rev`,
    ),
    remove: database.prepare("DELETE FROM item WHERE pk = ? AND sk = ?"),
  };
}
