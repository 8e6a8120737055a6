import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, it, onTestFinished } from "vitest";
import { GroupCommit } from "../../../adapters/embedded/group-commit.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

describe("GroupCommit", () => {
  it("writes asked for in one turn become visible together, and in their order", async () => {
    const { database, other, writes } = open();
    const insert = database.prepare("INSERT INTO note (text) VALUES (?)");

    const first = Array.from({ length: 50 }, (_, index) => writes.run(() => insert.run(`${index}`).lastInsertRowid));
    expect(notesOf(other)).toEqual([]);

    expect(await first[0]).toBe(1);
    expect(notesOf(other)).toEqual(Array.from({ length: 50 }, (_, index) => `${index}`));
    expect(await Promise.all(first)).toEqual(Array.from({ length: 50 }, (_, index) => index + 1));
  });

  it("more writes than one transaction takes are all applied, in their order", async () => {
    const { database, writes } = open();
    const insert = database.prepare("INSERT INTO note (text) VALUES (?)");

    await Promise.all(Array.from({ length: 2_500 }, (_, index) => writes.run(() => insert.run(`${index}`))));

    expect(notesOf(database)).toEqual(Array.from({ length: 2_500 }, (_, index) => `${index}`));
  });

  it("a write that throws is rejected alone and leaves nothing, those around it are applied", async () => {
    const { database, writes } = open();
    const insert = database.prepare("INSERT INTO note (text) VALUES (?)");

    const results = await Promise.allSettled([
      writes.run(() => insert.run("a")),
      writes.run(() => {
        insert.run("half");
        throw new TypeError("a mistake");
      }),
      writes.run(() => {
        insert.run("half");
        insert.run(null);
      }),
      writes.run(() => insert.run("b")),
    ]);

    expect(results.map((result) => result.status)).toEqual(["fulfilled", "rejected", "rejected", "fulfilled"]);
    expect(notesOf(database)).toEqual(["a", "b"]);
  });

  it("on a full disk the whole group is rejected and nothing of it is applied; with space again, writing goes on", async () => {
    const { database, writes } = open();
    const insert = database.prepare("INSERT INTO note (text) VALUES (?)");
    const write = (text: string) => writes.run(() => insert.run(text));
    await write("before");
    const { page_count: pages } = database.prepare("PRAGMA page_count").get() as { page_count: number };
    database.exec(`PRAGMA max_page_count = ${pages + 1}`);

    const results = await Promise.allSettled(["small", "x".repeat(100_000), "also small"].map(write));

    expect(results).toEqual(
      results.map(() => ({ status: "rejected", reason: expect.objectContaining({ code: "STORAGE_FULL" }) as Error })),
    );
    expect(notesOf(database)).toEqual(["before"]);
    expect(database.prepare("PRAGMA integrity_check").get()).toEqual({ integrity_check: "ok" });

    database.exec("PRAGMA max_page_count = 1000000");
    await write("after");
    expect(notesOf(database)).toEqual(["before", "after"]);
  });

  it("waits for another writer without stopping the event loop, and lets later writes join", async () => {
    const { database, other, writes } = open();
    const insert = database.prepare("INSERT INTO note (text) VALUES (?)");
    other.exec("BEGIN IMMEDIATE; INSERT INTO note (text) VALUES ('other')");

    const early = writes.run(() => insert.run("early"));
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
    const late = writes.run(() => insert.run("late"));
    other.exec("COMMIT");
    await Promise.all([early, late]);

    expect(notesOf(database)).toEqual(["other", "early", "late"]);
  });

  it("gives up when another writer does not let go, and works again when it has", async () => {
    const { database, other, writes } = open({ busyLimitMs: 20 });
    const insert = database.prepare("INSERT INTO note (text) VALUES (?)");
    other.exec("BEGIN IMMEDIATE");

    await expect(writes.run(() => insert.run("never"))).rejects.toMatchObject({ code: "UNAVAILABLE" });
    other.exec("ROLLBACK");
    await writes.run(() => insert.run("now"));

    expect(notesOf(database)).toEqual(["now"]);
  });

  it("close() settles what was asked for and refuses more", async () => {
    const { database, writes } = open();
    const insert = database.prepare("INSERT INTO note (text) VALUES (?)");
    const last = writes.run(() => insert.run("last"));

    await writes.close();

    await expect(writes.run(() => insert.run("more"))).rejects.toMatchObject({ code: "UNAVAILABLE" });
    expect(notesOf(database)).toEqual(["last"]);
    await last;
  });
});

function open(options?: { busyLimitMs: number }): { database: DatabaseSync; other: DatabaseSync; writes: GroupCommit } {
  const path = join(temporaryFolder(), "notes.db");
  const [database, other] = [new DatabaseSync(path), new DatabaseSync(path)];
  onTestFinished(() => {
    database.close();
    other.close();
  });
  database.exec("PRAGMA journal_mode = WAL; CREATE TABLE note (id INTEGER PRIMARY KEY, text TEXT NOT NULL)");
  return { database, other, writes: new GroupCommit(database, options) };
}

function notesOf(database: DatabaseSync): unknown[] {
  return database
    .prepare("SELECT text FROM note ORDER BY id")
    .all()
    .map((row) => row["text"]);
}
