import { statSync } from "node:fs";
import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import type { Clock } from "../../core/ports/clock.ts";
import type { Table } from "../../core/ports/table.ts";
import { Checkpointer } from "./checkpointer.ts";
import { Doorbell } from "./doorbell.ts";
import { GroupCommit } from "./group-commit.ts";
import { openDatabase } from "./open-database.ts";
import { holderName, ownProcess } from "./process-ref.ts";
import { SqliteQueue } from "./sqlite-queue.ts";
import { SqliteTable } from "./sqlite-table.ts";
import { SystemClock } from "../shared/system-clock.ts";

export interface SqliteStoreOptions {
  /** Made if absent. Several processes of one machine may share it. */
  readonly folder: string;
  /**
   * `full`: a write survives power loss, unless it was asked to be lazy. `normal`: it survives a crash of the process,
   * power loss may undo the last ones. @default "full"
   */
  readonly durability?: "full" | "normal";
  /** Whether this process empties the write-ahead log; one of those that share the folder must. @default true */
  readonly checkpoint?: boolean;
  /** Deliveries of a message before it moves to the dead letters. @default 20 */
  readonly maxReceives?: number;
  /** @default the machine's */
  readonly clock?: Clock;
}

/** The embedded Table and Queue: one database file in a data folder, one connection, one group commit. */
export class SqliteStore {
  readonly table: Table;
  readonly queue: SqliteQueue;
  readonly #path: string;
  readonly #database: DatabaseSync;
  readonly #writes: GroupCommit;
  readonly #bell: Doorbell;
  readonly #checkpointer: Checkpointer | undefined;
  #closing: Promise<void> | undefined;

  /** @throws {StoreOpenError} when the file cannot or must not be used */
  static open(options: SqliteStoreOptions): SqliteStore {
    return new SqliteStore(options);
  }

  private constructor(options: SqliteStoreOptions) {
    const { folder, durability = "full", checkpoint = true, clock = new SystemClock(), maxReceives } = options;
    this.#path = join(folder, DATABASE_FILE);
    this.#database = openDatabase(this.#path);
    this.#writes = new GroupCommit(this.#database, { durability });
    this.#bell = new Doorbell(join(folder, DOORBELL_FILE), clock);
    this.#checkpointer = checkpoint ? new Checkpointer(this.#path) : undefined;
    const writes = this.#writes;
    this.table = new SqliteTable(this.#database, writes);
    this.queue = new SqliteQueue(this.#database, {
      writes,
      bell: this.#bell,
      clock,
      holder: holderName(ownProcess()),
      ...(maxReceives === undefined ? {} : { maxReceives }),
    });
  }

  /** What is wrong with the file; nothing if it is sound. Reads all of it: seconds for each gigabyte. */
  checkIntegrity(): readonly string[] {
    try {
      const rows = this.#database.prepare("PRAGMA quick_check").all();
      return rows.map((row) => String(row["quick_check"])).filter((finding) => finding !== "ok");
    } catch (error) {
      // Some damage ends the check itself.
      return [String(error)];
    }
  }

  /** The size of the write-ahead log. Beyond some 500 MB nobody empties it: no process does checkpoints, or one reads for ever. */
  logBytes(): number {
    return statSync(`${this.#path}-wal`, { throwIfNoEntry: false })?.size ?? 0;
  }

  /** Ends waiting receives with empty lists, settles every write that was asked for, and lets go of the files. Idempotent. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#bell.close();
    await this.#writes.close();
    await this.#checkpointer?.close();
    this.#database.close();
  }
}

const DATABASE_FILE = "carillon.db";
const DOORBELL_FILE = "carillon.bell";
