import { open, readdir, rm, rmdir, stat, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { PortError } from "../../core/ports/errors.ts";
import type { LogEntry, LogPage, LogStream, RunLogs } from "../../core/ports/run-logs.ts";
import { logPath, LOG_SUFFIX } from "./log-files.ts";
import { parseLine } from "./log-lines.ts";
import { LogWriter } from "./log-writer.ts";

/**
 * The RunLogs port over one file for each attempt. One process writes a stream, any number read it meanwhile. What was
 * appended survives the process, not a loss of power. A cursor is the offset in bytes of the next line.
 */
export class FileRunLogs implements RunLogs {
  readonly #folder: string;
  /** Of the files that are being written. */
  readonly #writers = new Map<string, LogWriter>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  async append(stream: LogStream, entries: readonly LogEntry[]): Promise<void> {
    if (entries.length > 0) await this.#write(stream, entries, false);
  }

  async close(stream: LogStream): Promise<void> {
    await this.#write(stream, [], true);
  }

  async read(stream: LogStream, { cursor = "0", limit }: { cursor?: string; limit: number }): Promise<LogPage> {
    if (!/^\d{1,15}$/.test(cursor)) {
      throw new PortError("INVALID", `Cannot read from cursor ${JSON.stringify(cursor)}: it is the "next" of a page`);
    }
    if (!Number.isInteger(limit) || limit < 1)
      throw new PortError("INVALID", `Cannot read ${limit} entries: at least 1`);
    const file = await openIfPresent(logPath(this.#folder, stream));
    if (file === undefined) return { entries: [], next: cursor, closed: false };
    try {
      return await readPage(file, Number(cursor), limit);
    } finally {
      await file.close();
    }
  }

  /**
   * Removes the logs that were last written before an instant.
   *
   * @returns how many
   */
  async prune(beforeMs: number): Promise<number> {
    let removed = 0;
    for (const name of await namesIn(this.#folder)) {
      const folder = join(this.#folder, name);
      for (const file of await namesIn(folder)) {
        if (file.endsWith(LOG_SUFFIX) && (await removeIfOlder(join(folder, file), beforeMs))) removed++;
      }
      // Fails when something is left in it, as it should.
      await rmdir(folder).catch(() => {});
    }
    return removed;
  }

  async #write(stream: LogStream, entries: readonly LogEntry[], close: boolean): Promise<void> {
    const path = logPath(this.#folder, stream);
    const writer = this.#writers.get(path) ?? new LogWriter(path);
    this.#writers.set(path, writer);
    try {
      await writer.write(entries, close);
    } finally {
      if (writer.idle) this.#writers.delete(path);
    }
  }
}

/** What is read at a time; the longest line is shorter. */
const CHUNK_BYTES = 512 * 1_024;
const LINE_FEED = 0x0a;

/** Whole lines only: one that is being written is left for the next page. */
async function readPage(file: FileHandle, offset: number, limit: number): Promise<LogPage> {
  const entries: LogEntry[] = [];
  const chunk = Buffer.alloc(CHUNK_BYTES);
  let next = offset;
  for (;;) {
    const { bytesRead } = await file.read(chunk, 0, CHUNK_BYTES, next);
    const bytes = chunk.subarray(0, bytesRead);
    let start = 0;
    for (let end = bytes.indexOf(LINE_FEED); end !== -1; end = bytes.indexOf(LINE_FEED, start)) {
      const line = parseLine(bytes.toString("utf8", start, end));
      // Not passed over, so that a reader who is here already learns it again.
      if (line.kind === "closed") return { entries, next: String(next), closed: true };
      if (entries.length === limit) return { entries, next: String(next), closed: false };
      if (line.kind === "entry") entries.push(line.entry);
      next += end + 1 - start;
      start = end + 1;
    }
    if (start === 0) return { entries, next: String(next), closed: false };
  }
}

async function openIfPresent(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, "r");
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw new PortError("UNAVAILABLE", `Cannot read log ${path}: ${String(error)}`, { cause: error });
  }
}

async function removeIfOlder(path: string, beforeMs: number): Promise<boolean> {
  try {
    if ((await stat(path)).mtimeMs >= beforeMs) return false;
    await rm(path);
    return true;
  } catch (error) {
    // Another process that prunes was first.
    if (isAbsent(error)) return false;
    throw error;
  }
}

async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (isAbsent(error)) return [];
    throw error;
  }
}

function isAbsent(error: unknown): boolean {
  return error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ENOTDIR");
}
