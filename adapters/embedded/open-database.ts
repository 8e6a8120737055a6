import { closeSync, existsSync, mkdirSync, openSync, readSync, statfsSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { APPLICATION_ID, SCHEMA, SCHEMA_VERSION } from "./schema.ts";
import { SQLITE, sqliteCode } from "./sqlite-errors.ts";

/**
 * Opens the database file, new or existing, ready for use: write-ahead log, schema, no checkpoints on commit. Whether a
 * commit waits for the disk is for its writer to say (`PRAGMA synchronous`).
 *
 * @throws {StoreOpenError} when the file cannot or must not be used; it is left as it was
 */
export function openDatabase(path: string): DatabaseSync {
  let database: DatabaseSync | undefined;
  try {
    mkdirSync(dirname(path), { recursive: true });
    refuseNetworkFolder(dirname(path), path);
    refuseForeignFile(path);
    database = new DatabaseSync(path, { timeout: OPEN_TIMEOUT_MS });
    refuseForeignTables(path, database);
    refuseVersion(path, numberOf(database, "user_version"));
    database.exec(`
      PRAGMA journal_mode = WAL;
      PRAGMA wal_autocheckpoint = 0;
      PRAGMA cache_size = -${CACHE_KB};
    `);
    createSchema(database);
    database.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`);
    return database;
  } catch (error) {
    database?.close();
    throw error instanceof StoreOpenError
      ? error
      : new StoreOpenError(path, reasonOf(error), adviceFor(error), { cause: error });
  }
}

/** One line for people: what could not be opened, why, and what to do. */
export class StoreOpenError extends Error {
  constructor(path: string, reason: string, advice: string, options?: { cause?: unknown }) {
    super(`Cannot open ${path}: ${reason}; ${advice}`, options);
    this.name = "StoreOpenError";
  }
}

/** While opening there is nothing else to do, so it may wait for others to finish with the file. */
const OPEN_TIMEOUT_MS = 5_000;
/** Afterwards waiting would stop the event loop; the group commit tries again by itself. */
const BUSY_TIMEOUT_MS = 2;
const CACHE_KB = 65_536;

function createSchema(database: DatabaseSync): void {
  if (numberOf(database, "user_version") === SCHEMA_VERSION) return;
  database.exec("BEGIN IMMEDIATE");
  try {
    // Another process may have been first.
    if (numberOf(database, "user_version") === 0) {
      database.exec(`${SCHEMA}; PRAGMA user_version = ${SCHEMA_VERSION}; PRAGMA application_id = ${APPLICATION_ID}`);
    }
    database.exec("COMMIT");
  } catch (error) {
    if (database.isTransaction) database.exec("ROLLBACK");
    throw error;
  }
}

function numberOf(database: DatabaseSync, pragma: string): number {
  return Number(Object.values(database.prepare(`PRAGMA ${pragma}`).get() ?? {})[0]);
}

/**
 * Reads the header without SQLite, which would recover and change even a file that is then refused.
 *
 * @see https://sqlite.org/fileformat2.html#the_database_header
 */
function refuseForeignFile(path: string): void {
  if (!existsSync(path)) return;
  const header = readStart(path, HEADER_BYTES);
  if (header.length === 0) return;
  if (header.length < HEADER_BYTES || !header.toString("latin1").startsWith("SQLite format 3\0")) {
    throw new StoreOpenError(path, "it is not a database", "move it away, or name another data folder");
  }
  const applicationId = header.readUInt32BE(68);
  if (applicationId !== APPLICATION_ID && applicationId !== 0) throw foreignError(path);
  refuseVersion(path, header.readUInt32BE(60));
}

/** Many programs do not sign their files, and a file of ours may still have its signature in the write-ahead log. */
function refuseForeignTables(path: string, database: DatabaseSync): void {
  if (numberOf(database, "application_id") === APPLICATION_ID) return;
  if (database.prepare("SELECT 1 FROM sqlite_schema LIMIT 1").get() !== undefined) throw foreignError(path);
}

function foreignError(path: string): StoreOpenError {
  return new StoreOpenError(path, "it is a database of another program", "move it away, or name another data folder");
}

function refuseVersion(path: string, version: number): void {
  if (version <= SCHEMA_VERSION) return;
  throw new StoreOpenError(
    path,
    `it has schema version ${version}, and this release knows versions up to ${SCHEMA_VERSION}`,
    "start the release that wrote it, or a newer one",
  );
}

/** Processes on different machines do not share the memory that SQLite's write-ahead log needs. */
function refuseNetworkFolder(folder: string, path: string): void {
  const name = NETWORK_FILE_SYSTEMS.get(statfsSync(folder).type >>> 0);
  if (name === undefined) return;
  throw new StoreOpenError(path, `its folder is on a network share (${name})`, "name a data folder on a local disk");
}

/** `f_type` of statfs(2) on Linux. */
const NETWORK_FILE_SYSTEMS: ReadonlyMap<number, string> = new Map([
  [0x6969, "NFS"],
  [0x517b, "SMB"],
  [0xff53_4d42, "CIFS"],
  [0xfe53_4d42, "SMB 2"],
  [0x00c3_6400, "Ceph"],
  [0x0102_1997, "9P"],
  [0x5346_414f, "AFS"],
]);

const HEADER_BYTES = 100;

function readStart(path: string, length: number): Buffer {
  const file = openSync(path, "r");
  try {
    const bytes = Buffer.alloc(length);
    return bytes.subarray(0, readSync(file, bytes, 0, length, 0));
  } finally {
    closeSync(file);
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function adviceFor(error: unknown): string {
  return (
    ADVICE_BY_SQLITE_CODE.get(sqliteCode(error) ?? 0) ?? ADVICE_BY_SYSTEM_CODE.get(systemCode(error)) ?? CHECK_FOLDER
  );
}

function systemCode(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}

const CHECK_FOLDER = "check the data folder and its permissions";
const MAKE_SPACE = "make space on its disk";
const RESTORE = "restore the data folder from a backup";

const ADVICE_BY_SQLITE_CODE: ReadonlyMap<number, string> = new Map([
  [SQLITE.BUSY, "stop the program that has locked it"],
  [SQLITE.FULL, MAKE_SPACE],
  [SQLITE.CORRUPT, RESTORE],
  [SQLITE.NOTADB, RESTORE],
]);

const ADVICE_BY_SYSTEM_CODE: ReadonlyMap<string, string> = new Map([
  ["EACCES", CHECK_FOLDER],
  ["EROFS", "name a data folder that can be written to"],
  ["ENOTDIR", "name a data folder, not a file"],
  ["EEXIST", "name a data folder, not a file"],
  ["EISDIR", "move the folder of that name away"],
  ["ENOSPC", MAKE_SPACE],
]);
