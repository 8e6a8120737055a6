import {
  appendFileSync,
  closeSync,
  mkdirSync,
  openSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, it } from "vitest";
import { SqliteStore } from "../../../adapters/embedded/sqlite-store.ts";
import type { Key } from "../../../core/ports/table.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import { openTemporaryStore } from "../../support/temporary-store.ts";

const key = { pk: "p", sk: "s" };

describe("SqliteStore.open()", () => {
  it("makes the folder and the database, and finds everything again", async () => {
    const folder = join(temporaryFolder(), "deep", "data");
    const first = openTemporaryStore({ folder, durability: "full" });
    await first.table.put(key, { a: 1 }, "any");
    await first.queue.send("q", [{ body: "1", group: "g", delayMs: 0 }]);
    await first.close();

    const second = openTemporaryStore({ folder });

    expect(await second.table.get(key)).toEqual({ key, body: { a: 1 }, rev: 1 });
    expect(await second.queue.receive("q", { max: 1, waitMs: 0, visibilityMs: 1_000 })).toHaveLength(1);
    expect(second.checkIntegrity()).toEqual([]);
  });

  it("takes an empty file for a new database", async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, "carillon.db"), "");

    expect(await openTemporaryStore({ folder }).table.put(key, {}, "absent")).toEqual({ ok: true, rev: 1 });
  });

  it.each<{ what: string; prepare: (path: string) => void; message: RegExp }>([
    {
      what: "a file that is not a database",
      prepare: (path) => writeFileSync(path, "a shopping list, longer than the header of a database file\n".repeat(9)),
      message: /^Cannot open \S+carillon\.db: it is not a database; move it away, or name another data folder$/,
    },
    {
      what: "a file shorter than a header",
      prepare: (path) => writeFileSync(path, "SQLite format 3\0"),
      message: /it is not a database; move it away/,
    },
    {
      what: "a database of a newer release",
      prepare: (path) => createDatabase(path, "PRAGMA user_version = 1000"),
      message: /it has schema version 1000, and this release knows versions up to \d+; start the release that wrote it/,
    },
    {
      what: "a database of another program",
      prepare: (path) => createDatabase(path, "PRAGMA application_id = 77; CREATE TABLE theirs (a)"),
      message: /it is a database of another program; move it away/,
    },
    {
      what: "a database of another program that has not signed it",
      prepare: (path) => createDatabase(path, "CREATE TABLE theirs (a)"),
      message: /it is a database of another program; move it away/,
    },
  ])("refuses $what in one line, and leaves it as it was", ({ prepare, message }) => {
    const folder = temporaryFolder();
    const path = join(folder, "carillon.db");
    prepare(path);
    const before = readFileSync(path);

    expect(() => SqliteStore.open({ folder })).toThrow(message);

    expect(readFileSync(path).equals(before)).toBe(true);
  });

  it("refuses a data folder that is a file, and a database that is a folder", () => {
    const folder = temporaryFolder();
    appendFileSync(join(folder, "file"), "");
    mkdirSync(join(folder, "carillon.db"));

    expect(() => SqliteStore.open({ folder: join(folder, "file") })).toThrow(/name a data folder, not a file$/);
    expect(() => SqliteStore.open({ folder: join(folder, "file", "data") })).toThrow(/name a data folder, not a file$/);
    expect(() => SqliteStore.open({ folder })).toThrow(/carillon\.db: .+; move the folder of that name away$/);
  });

  it("says what to do when the folder cannot be used", () => {
    const folder = join(temporaryFolder(), "loop");
    symlinkSync(folder, folder);

    expect(() => SqliteStore.open({ folder })).toThrow(
      /^Cannot open \S+carillon\.db: .+; check the data folder and its permissions$/,
    );
  });
});

describe("SqliteStore", () => {
  it("checkIntegrity() tells of a damaged page", async () => {
    const folder = temporaryFolder();
    const first = openTemporaryStore({ folder });
    await Promise.all(
      Array.from({ length: 200 }, (_, index) => first.table.put(keyOf(index), { text: "x".repeat(500) }, "any")),
    );
    await first.close();
    damage(join(folder, "carillon.db"));

    expect(openTemporaryStore({ folder }).checkIntegrity().length).toBeGreaterThan(0);
  });

  it("close() ends waiting receives, settles writes and may be called again", async () => {
    const store = openTemporaryStore();
    const waiting = store.queue.receive("q", { max: 1, waitMs: 20_000, visibilityMs: 1_000 });
    const written = store.table.put(key, {}, "absent");

    await Promise.all([store.close(), store.close()]);

    expect(await waiting).toEqual([]);
    expect(await written).toEqual({ ok: true, rev: 1 });
  });

  it("refuses reads and writes after close()", async () => {
    const store = openTemporaryStore();
    await store.close();

    await expect(store.table.get(key)).rejects.toMatchObject({ code: "UNAVAILABLE" });
    await expect(store.table.put(key, {}, "any")).rejects.toMatchObject({ code: "UNAVAILABLE" });
    expect(await store.queue.receive("q", { max: 1, waitMs: 1_000, visibilityMs: 0 })).toEqual([]);
  });

  it("moves its write-ahead log into the database while it is open", async () => {
    const folder = temporaryFolder();
    const store = openTemporaryStore({ folder, checkpoint: true });
    const body = { text: "x".repeat(300_000) };
    let round = 0;
    for (; store.logBytes() < 20_000_000; round++) await store.table.put(keyOf(round), body, "absent");

    await expect
      .poll(() => statSync(join(folder, "carillon.db")).size, { timeout: 20_000 })
      .toBeGreaterThan(10_000_000);
    expect(await store.table.get(keyOf(round - 1))).toEqual({ key: keyOf(round - 1), body, rev: 1 });
  });
});

function keyOf(index: number): Key {
  return { pk: "p", sk: `${index}` };
}

function createDatabase(path: string, sql: string): void {
  const database = new DatabaseSync(path);
  database.exec(sql);
  database.close();
}

/** Overwrites the middle of the file. */
function damage(path: string): void {
  const file = openSync(path, "r+");
  writeSync(file, Buffer.alloc(3 * 4_096, 0xa5), 0, 3 * 4_096, Math.floor(statSync(path).size / 8_192) * 4_096);
  closeSync(file);
}
