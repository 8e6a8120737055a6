import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  openSync,
  closeSync,
  readFileSync,
  truncateSync,
  writeSync,
} from "node:fs";
import { basename, join } from "node:path";
import type { SeededRandom } from "../support/seeded-random.ts";
import { findProcesses, type Found, isStopped, signal } from "./processes.ts";

/** The write-ahead log as the processes that use it see it. */
export interface LogState {
  readonly pageBytes: number;
  /** Tells one writing of the log from the next, which begins at its start again. */
  readonly salt: string;
  /** Frames up to the last commit. */
  readonly frames: number;
  /** Frames that a checkpoint has moved into the database, or has begun to. */
  readonly moved: number;
}

const STOP_TIMEOUT_MS = 2_000;
const LOG_HEADER_BYTES = 32;
const FRAME_HEADER_BYTES = 24;
const MAX_NOISE_BYTES = 8_192;

/** Reads the log's index. @see https://sqlite.org/walformat.html#the_wal_index_file_format */
export function readLogState(databasePath: string): LogState {
  const index = readFileSync(`${databasePath}-shm`);
  const pageSize = index.readUInt16LE(14);
  return {
    pageBytes: pageSize === 1 ? 65_536 : pageSize,
    salt: index.toString("hex", 32, 40),
    frames: index.readUInt32LE(16),
    moved: Math.max(index.readUInt32LE(96), index.readUInt32LE(128)),
  };
}

/** The length of a log of so many frames. */
export function endOfFrame({ pageBytes }: LogState, frame: number): number {
  return LOG_HEADER_BYTES + frame * (FRAME_HEADER_BYTES + pageBytes);
}

/**
 * Stops all processes that write, copies database and log, and lets them go on. Synchronous: nothing else happens in this
 * process meanwhile, neither an answer nor the end of a freeze that is under way.
 *
 * @param note - called while they are stopped
 */
export function copyAtRest<T>(
  { dataFolder, databasePath }: { readonly dataFolder: string; readonly databasePath: string },
  folder: string,
  note: () => T,
): { readonly log: LogState; readonly owed: T } {
  const known = new Set<number>();
  const stopped: Found[] = [];
  try {
    for (;;) {
      // A process may have been started while the others were being stopped.
      const fresh = findProcesses(dataFolder).filter(({ pid }) => !known.has(pid));
      if (fresh.length === 0) break;
      for (const found of fresh) {
        known.add(found.pid);
        // One that rests already, in a freeze, must not be woken by us.
        if (isStopped(found)) continue;
        stopped.push(found);
        signal(found, "SIGSTOP");
      }
      waitUntilStopped(fresh);
    }
    mkdirSync(folder, { recursive: true });
    for (const path of [databasePath, `${databasePath}-wal`])
      if (existsSync(path)) copyFileSync(path, join(folder, basename(path)));
    return { log: readLogState(databasePath), owed: note() };
  } finally {
    for (const found of stopped) signal(found, "SIGCONT");
  }
}

/** Makes a copy of a copy whose log ends at a byte; behind that there is noise, or nothing. */
export function cutLog(
  folder: string,
  { from, to, atByte, random }: { from: string; to: string; atByte: number; random: SeededRandom },
): void {
  cpSync(join(folder, from), join(folder, to), { recursive: true });
  const path = join(folder, to, "carillon.db-wal");
  truncateSync(path, atByte);
  if (random.next() < 0.5) return;
  const noise = Uint8Array.from({ length: random.between(1, MAX_NOISE_BYTES) }, () => random.between(0, 255));
  const file = openSync(path, "r+");
  writeSync(file, noise, 0, noise.length, atByte);
  closeSync(file);
}

function waitUntilStopped(processes: readonly Found[]): void {
  const cell = new Int32Array(new SharedArrayBuffer(4));
  const untilMs = performance.now() + STOP_TIMEOUT_MS;
  while (!processes.every(isStopped)) {
    if (performance.now() > untilMs)
      throw new Error(`Cannot copy the data: a process did not stop in ${STOP_TIMEOUT_MS} ms`);
    Atomics.wait(cell, 0, 0, 1);
  }
}
