import { statSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { parentPort, workerData } from "node:worker_threads";

/**
 * The thread of `Checkpointer`. Each second it looks at the log:
 *
 * - grown past `PASSIVE_PAGES`: a passive checkpoint, which hinders nobody. Under constant writing it never quite
 *   reaches the end, so the log would grow for ever.
 * - still longer than `RESTART_PAGES`: once more with the writers held up, which is short because little is left. The
 *   log is then written again from its start, which is also faster to flush than a growing file.
 * - the file larger than `TRUNCATE_BYTES`: it is cut as well.
 */
const PASSIVE_PAGES = 4_000;
const RESTART_PAGES = 16_000;
const TRUNCATE_BYTES = 256 * 1024 * 1024;
const PERIOD_MS = 1_000;
/** How long writers may be held up. */
const BUSY_TIMEOUT_MS = 50;
const PAGE_BYTES = 4_096;

const { path } = workerData as { path: string };
let database: DatabaseSync | undefined;

const timer = setInterval(checkpoint, PERIOD_MS);
parentPort?.once("message", () => {
  clearInterval(timer);
  database?.close();
});

function checkpoint(): void {
  const logBytes = statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0;
  if (logBytes < PASSIVE_PAGES * PAGE_BYTES) return;
  try {
    database ??= open();
    if (run(database, "PASSIVE") > RESTART_PAGES) run(database, logBytes > TRUNCATE_BYTES ? "TRUNCATE" : "RESTART");
  } catch {
    // Busy, or the disk is full: the log keeps everything, and the next round tries again.
  }
}

function open(): DatabaseSync {
  const opened = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS });
  opened.exec("PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0");
  return opened;
}

/** @returns the pages in the log */
function run(database: DatabaseSync, mode: "PASSIVE" | "RESTART" | "TRUNCATE"): number {
  return Number(database.prepare(`PRAGMA wal_checkpoint(${mode})`).get()?.["log"] ?? 0);
}
