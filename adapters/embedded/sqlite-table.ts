import type { DatabaseSync, StatementSync } from "node:sqlite";
import type {
  BatchWrite,
  Body,
  Expectation,
  Key,
  Page,
  PutOptions,
  Query,
  Stored,
  Table,
  WriteResult,
} from "../../core/ports/table.ts";
import type { GroupCommit } from "./group-commit.ts";
import { reading } from "./sqlite-errors.ts";
import { isBelow } from "../shared/utf8-order.ts";
import {
  checkBatchGet,
  checkBatchWrite,
  checkExpectation,
  checkKey,
  checkQuery,
  serialise,
} from "../shared/table-rules.ts";

/** The Table port over one SQLite table. Reads see every committed write; writes go through the group commit. */
export class SqliteTable implements Table {
  readonly #writes: GroupCommit;
  readonly #sql: ReturnType<typeof prepare>;

  constructor(database: DatabaseSync, writes: GroupCommit) {
    this.#writes = writes;
    this.#sql = prepare(database);
  }

  async get(key: Key): Promise<Stored | undefined> {
    checkKey(key);
    return reading(() => this.#find(key));
  }

  async batchGet(keys: readonly Key[]): Promise<readonly Stored[]> {
    checkBatchGet(keys);
    return reading(() => keys.map((key) => this.#find(key)).filter((found) => found !== undefined));
  }

  async query(query: Query): Promise<Page> {
    checkQuery(query);
    const { pk, limit, descending = false } = query;
    const { least, beyond } = rangeOf(query);
    const statement = descending ? this.#sql.descending : this.#sql.ascending;
    const rows = reading(() => statement.all(pk, least, beyond, limit) as ItemRow[]);
    const items = rows.map((row) => storedOf({ pk, sk: row.sk }, row));
    const last = rows.at(-1);
    return last !== undefined && rows.length === limit ? { items, next: last.sk } : { items };
  }

  async put(key: Key, body: Body, expect: Expectation, { lazy = false }: PutOptions = {}): Promise<WriteResult> {
    checkKey(key);
    checkExpectation(expect);
    const text = serialise(key, body);
    return this.#writes.run(() => this.#put(key, text, expect), { lazy });
  }

  async delete(key: Key, expect: Expectation): Promise<WriteResult> {
    checkKey(key);
    checkExpectation(expect);
    return this.#writes.run(() => this.#delete(key, expect));
  }

  async batchWrite(writes: readonly BatchWrite[]): Promise<readonly BatchWrite[]> {
    checkBatchWrite(writes);
    const operations = writes.map((write) =>
      "put" in write ? { key: write.put.key, text: serialise(write.put.key, write.put.body) } : { key: write.delete },
    );
    await this.#writes.run(() => {
      for (const { key, text } of operations) {
        if (text === undefined) this.#sql.remove.run(key.pk, key.sk);
        else this.#put(key, text, "any");
      }
    });
    return [];
  }

  #find(key: Key): Stored | undefined {
    const row = this.#sql.find.get(key.pk, key.sk) as ItemRow | undefined;
    return row === undefined ? undefined : storedOf(key, row);
  }

  #put({ pk, sk }: Key, text: string, expect: Expectation): WriteResult {
    if (expect === "any") {
      const row = this.#sql.upsert.get(pk, sk, text) as { rev: number };
      return { ok: true, rev: row.rev };
    }
    const { changes } =
      expect === "absent" ? this.#sql.insert.run(pk, sk, text) : this.#sql.update.run(text, pk, sk, expect);
    if (changes === 1) return { ok: true, rev: expect === "absent" ? 1 : expect + 1 };
    return { ok: false, current: this.#find({ pk, sk }) };
  }

  #delete({ pk, sk }: Key, expect: Expectation): WriteResult {
    const current = this.#find({ pk, sk });
    const holds = expect === "any" || (expect === "absent" ? current === undefined : current?.rev === expect);
    if (!holds) return { ok: false, current };
    if (current !== undefined) this.#sql.remove.run(pk, sk);
    return { ok: true, rev: current?.rev ?? 0 };
  }
}

type ItemRow = { readonly sk: string; readonly rev: number; readonly body: string };

function prepare(database: DatabaseSync) {
  const range = "SELECT sk, rev, body FROM item WHERE pk = ? AND sk >= ? AND sk < ? ORDER BY sk";
  return {
    find: database.prepare("SELECT sk, rev, body FROM item WHERE pk = ? AND sk = ?"),
    ascending: database.prepare(`${range} LIMIT ?`),
    descending: database.prepare(`${range} DESC LIMIT ?`),
    insert: database.prepare("INSERT INTO item (pk, sk, rev, body) VALUES (?, ?, 1, ?) ON CONFLICT DO NOTHING"),
    update: database.prepare("UPDATE item SET rev = rev + 1, body = ? WHERE pk = ? AND sk = ? AND rev = ?"),
    upsert: database.prepare(
      `INSERT INTO item (pk, sk, rev, body) VALUES (?, ?, 1, ?)
       ON CONFLICT (pk, sk) DO UPDATE SET rev = rev + 1, body = excluded.body RETURNING rev`,
    ),
    remove: database.prepare("DELETE FROM item WHERE pk = ? AND sk = ?"),
  } satisfies Record<string, StatementSync>;
}

function storedOf(key: Key, row: ItemRow): Stored {
  return { key, body: JSON.parse(row.body) as Body, rev: row.rev };
}

/** Below every key, and above every key: SQLite orders any text before any blob. */
const LEAST = "";
const BEYOND = new Uint8Array(0);

/** The sort keys that a page may hold, as a half-open range. */
function rangeOf({ from, before, after, descending = false }: Query): { least: string; beyond: string | Uint8Array } {
  if (after === undefined) return { least: from ?? LEAST, beyond: before ?? BEYOND };
  if (descending)
    return { least: from ?? LEAST, beyond: before !== undefined && isBelow(before, after) ? before : after };
  // The successor of a string in byte order is that string with a zero byte behind it.
  const next = `${after}\0`;
  return { least: from !== undefined && isBelow(next, from) ? from : next, beyond: before ?? BEYOND };
}
