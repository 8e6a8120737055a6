import { PortError, type PortErrorCode } from "../../core/ports/errors.ts";

/** Primary result codes of SQLite. @see https://sqlite.org/rescode.html */
export const SQLITE = {
  ERROR: 1,
  BUSY: 5,
  READONLY: 8,
  IOERR: 10,
  CORRUPT: 11,
  FULL: 13,
  CANTOPEN: 14,
  TOOBIG: 18,
  CONSTRAINT: 19,
  MISMATCH: 20,
  RANGE: 25,
  NOTADB: 26,
} as const;

/** The primary result code of an error of `node:sqlite`; `undefined` for any other error. */
export function sqliteCode(error: unknown): number | undefined {
  if (!(error instanceof Error) || !("errcode" in error) || typeof error.errcode !== "number") return undefined;
  return error.errcode & 0xff;
}

/** The operation alone is at fault: the same database would take others. */
export function isOwnFault(error: unknown): boolean {
  const code = sqliteCode(error);
  return code === undefined || OWN_FAULTS.has(code);
}

const OWN_FAULTS: ReadonlySet<number> = new Set([
  SQLITE.ERROR,
  SQLITE.TOOBIG,
  SQLITE.CONSTRAINT,
  SQLITE.MISMATCH,
  SQLITE.RANGE,
]);

/**
 * The port's word for an error of the engine.
 *
 * @param action - what was being done, as the start of a sentence: "Cannot write to the database"
 * @param options.committing - the error came out of COMMIT. An I/O error there leaves the outcome open: the records may
 *   have reached the disk although the flush failed, and recovery after a crash would then find them.
 */
export function portError(action: string, error: unknown, options: { committing: boolean }): PortError {
  if (error instanceof PortError) return error;
  const code = sqliteCode(error);
  const reason = error instanceof Error ? error.message : String(error);
  return new PortError(portCode(code, options.committing), `${action}: ${reason}`, { cause: error });
}

/** Runs a read, with its errors in the port's words. */
export function reading<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw portError("Cannot read from the database", error, { committing: false });
  }
}

function portCode(code: number | undefined, committing: boolean): PortErrorCode {
  if (code === SQLITE.FULL) return "STORAGE_FULL";
  if (code === SQLITE.IOERR && committing) return "UNKNOWN_OUTCOME";
  if (code === SQLITE.TOOBIG || code === SQLITE.MISMATCH) return "INVALID";
  return "UNAVAILABLE";
}
