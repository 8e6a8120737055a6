import { setTimeout } from "node:timers/promises";
import { DatabaseSync } from "node:sqlite";

/**
 * A program of somebody else that has to do with the database: `write` keeps the write lock, `read` keeps a transaction open
 * that reads, so that the log can't be emptied behind it. Arguments: the file, what to do, for how many milliseconds. Says so
 * when it has it.
 */
const [path = "", what, ms] = process.argv.slice(2);
const database = new DatabaseSync(path, { timeout: 10_000 });
database.exec(what === "write" ? "BEGIN IMMEDIATE" : "BEGIN");
database.prepare("SELECT count(*) FROM item").get();
process.stdout.write("held\n");
await setTimeout(Number(ms));
database.exec("ROLLBACK");
database.close();
