import { describe, expect, it } from "vitest";
import { isOwnFault, portError, SQLITE } from "../../../adapters/embedded/sqlite-errors.ts";
import { PortError, type PortErrorCode } from "../../../core/ports/errors.ts";

describe("portError()", () => {
  it.each<{ name: keyof typeof SQLITE; committing: boolean; code: PortErrorCode }>([
    { name: "FULL", committing: false, code: "STORAGE_FULL" },
    { name: "FULL", committing: true, code: "STORAGE_FULL" },
    { name: "BUSY", committing: false, code: "UNAVAILABLE" },
    { name: "READONLY", committing: false, code: "UNAVAILABLE" },
    { name: "CORRUPT", committing: false, code: "UNAVAILABLE" },
    { name: "IOERR", committing: false, code: "UNAVAILABLE" },
    { name: "IOERR", committing: true, code: "UNKNOWN_OUTCOME" },
    { name: "TOOBIG", committing: false, code: "INVALID" },
  ])("calls $name (committing: $committing) $code", ({ name, committing, code }) => {
    expect(portError("Cannot write", sqliteError(SQLITE[name]), { committing })).toMatchObject({ code });
  });

  it("knows extended result codes by their primary one", () => {
    const fsyncFailed = sqliteError(SQLITE.IOERR | (4 << 8));

    expect(portError("Cannot write", fsyncFailed, { committing: true })).toMatchObject({ code: "UNKNOWN_OUTCOME" });
  });

  it("keeps the cause, and says what was being done", () => {
    const cause = sqliteError(SQLITE.FULL);

    const error = portError("Cannot write to the database", cause, { committing: false });

    expect(error.cause).toBe(cause);
    expect(error.message).toBe("Cannot write to the database: database or disk is unhappy");
  });

  it("leaves a PortError as it is", () => {
    const error = new PortError("INVALID", "Cannot use an empty pk: keys are non-empty");

    expect(portError("Cannot read", error, { committing: false })).toBe(error);
  });
});

describe("isOwnFault()", () => {
  it.each<{ what: string; error: unknown; own: boolean }>([
    { what: "a broken constraint", error: sqliteError(SQLITE.CONSTRAINT), own: true },
    { what: "a mistake in the code", error: new TypeError("no function"), own: true },
    { what: "a full disk", error: sqliteError(SQLITE.FULL), own: false },
    { what: "an I/O error", error: sqliteError(SQLITE.IOERR), own: false },
  ])("$what: $own", ({ error, own }) => {
    expect(isOwnFault(error)).toBe(own);
  });
});

/** As `node:sqlite` throws them. */
function sqliteError(errcode: number): Error {
  return Object.assign(new Error("database or disk is unhappy"), { code: "ERR_SQLITE_ERROR", errcode });
}
