import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { GroupCommit } from "../../../adapters/embedded/group-commit.ts";
import { SQLITE } from "../../../adapters/embedded/sqlite-errors.ts";
import { PortError } from "../../../core/ports/errors.ts";
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

  it("rejects what waits when the engine can't be told whether to flush, and goes on when it can", async () => {
    const { database, writes } = open();
    const insert = database.prepare("INSERT INTO note (text) VALUES (?)");
    const exec = vi.spyOn(database, "exec").mockImplementationOnce(() => {
      throw sqliteError(SQLITE.IOERR);
    });

    await expect(writes.run(() => insert.run("never"))).rejects.toMatchObject({ code: "UNAVAILABLE" });
    exec.mockRestore();
    await writes.run(() => insert.run("now"));

    expect(notesOf(database)).toEqual(["now"]);
  });

  it("writes nothing any more after an I/O error at COMMIT, and says why", async () => {
    const { database, writes } = open({ failingCommit: true });
    const insert = database.prepare("INSERT INTO note (text) VALUES (?)");
    const group = Array.from({ length: 1_001 }, (_, index) => writes.run(() => insert.run(`${index}`)));

    const outcomes = await Promise.allSettled(group);

    expect(outcomes.map(codeOf)).toEqual([...Array.from({ length: 1_000 }, () => "UNKNOWN_OUTCOME"), "UNAVAILABLE"]);
    await expect(writes.run(() => insert.run("later"))).rejects.toThrow(
      "Cannot write to the database: the disk of the data folder has failed, and this process must be restarted",
    );
    expect(notesOf(database)).toEqual([]);
    await writes.close();
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

function open({ failingCommit = false, ...options }: { busyLimitMs?: number; failingCommit?: boolean } = {}): {
  database: DatabaseSync;
  other: DatabaseSync;
  writes: GroupCommit;
} {
  const path = join(temporaryFolder(), "notes.db");
  const [database, other] = [new DatabaseSync(path), new DatabaseSync(path)];
  onTestFinished(() => {
    database.close();
    other.close();
  });
  database.exec("PRAGMA journal_mode = WAL; CREATE TABLE note (id INTEGER PRIMARY KEY, text TEXT NOT NULL)");
  if (failingCommit) failCommits(database);
  return { database, other, writes: new GroupCommit(database, options) };
}

/** COMMIT ends as it does when the system can't bring the log to the disk. */
function failCommits(database: DatabaseSync): void {
  const prepare = database.prepare.bind(database);
  vi.spyOn(database, "prepare").mockImplementation((sql) => {
    const statement = prepare(sql);
    if (sql !== "COMMIT") return statement;
    vi.spyOn(statement, "run").mockImplementation(() => {
      throw sqliteError(SQLITE.IOERR | (4 << 8));
    });
    return statement;
  });
}

/** As `node:sqlite` throws them. */
function sqliteError(errcode: number): Error {
  return Object.assign(new Error("disk I/O error"), { code: "ERR_SQLITE_ERROR", errcode });
}

function codeOf(outcome: PromiseSettledResult<unknown>): unknown {
  return outcome.status === "rejected" && outcome.reason instanceof PortError ? outcome.reason.code : outcome.status;
}

function notesOf(database: DatabaseSync): unknown[] {
  return database
    .prepare("SELECT text FROM note ORDER BY id")
    .all()
    .map((row) => row["text"]);
}
