import { mkdir, open, type FileHandle } from "node:fs/promises";
import { dirname } from "node:path";
import { PortError } from "../../core/ports/errors.ts";
import { MAX_LOG_BYTES, type LogEntry } from "../../core/ports/run-logs.ts";
import { splitText } from "../shared/log-text.ts";
import { CLOSED_LINE, cutLine, entryLine, isClosedEnd, isCutEnd } from "./log-lines.ts";

/**
 * Writes one log file. What is asked for while a write is under way is written together, next: a busy job costs one
 * write for many lines. Knows nothing of the file between writes, so another process may go on with it.
 */
export class LogWriter {
  readonly #path: string;
  #next: Batch | undefined;
  #writing = false;
  #tail: Promise<void> = Promise.resolve();

  constructor(path: string) {
    this.#path = path;
  }

  /** Resolves when the entries, and the closing line if `close` is set, are in the file. */
  write(entries: readonly LogEntry[], close: boolean): Promise<void> {
    this.#next ??= this.#begin();
    // Behind a close nothing comes.
    if (!this.#next.close) this.#next.entries.push(...entries);
    this.#next.close ||= close;
    return this.#next.written;
  }

  /** Nothing is being written, and nothing waits to be. */
  get idle(): boolean {
    return this.#next === undefined && !this.#writing;
  }

  #begin(): Batch {
    const entries: LogEntry[] = [];
    const written = this.#tail.then(() => this.#append(entries));
    this.#tail = written.catch(() => {});
    return { entries, close: false, written };
  }

  async #append(entries: readonly LogEntry[]): Promise<void> {
    const close = this.#next?.close === true;
    this.#next = undefined;
    this.#writing = true;
    try {
      await appendBatch(this.#path, entries, close);
    } finally {
      this.#writing = false;
    }
  }
}

interface Batch {
  readonly entries: LogEntry[];
  close: boolean;
  readonly written: Promise<void>;
}

async function appendBatch(path: string, entries: readonly LogEntry[], close: boolean): Promise<void> {
  try {
    const file = await openToAppend(path);
    try {
      await append(file, entries, close);
    } finally {
      await file.close();
    }
  } catch (error) {
    const code = isFull(error) ? "STORAGE_FULL" : "UNAVAILABLE";
    throw new PortError(code, `Cannot write to log ${path}: ${String(error)}`, { cause: error });
  }
}

async function append(file: FileHandle, entries: readonly LogEntry[], close: boolean): Promise<void> {
  const { size } = await file.stat();
  const end = await readEnd(file, size);
  if (isClosedEnd(end)) return;
  // A writer that was killed may have left half a line: it stays alone.
  const head = end === "" || end.endsWith("\n") ? "" : "\n";
  const text = head + (isCutEnd(end) ? "" : linesWithin(MAX_LOG_BYTES - size, entries)) + (close ? CLOSED_LINE : "");
  try {
    if (text !== "") await file.appendFile(text);
  } catch (error) {
    await file.truncate(size);
    throw error;
  }
}

/** The lines of the entries, or as many as there is room for and then the line that says so. */
function linesWithin(roomBytes: number, entries: readonly LogEntry[]): string {
  let text = "";
  let leftBytes = roomBytes - CUT_LINE_BYTES;
  for (const entry of entries) {
    for (const piece of splitText(entry.text)) {
      const line = entryLine({ ...entry, text: piece });
      leftBytes -= Buffer.byteLength(line);
      if (leftBytes < 0) return text + cutLine(entry.atMs);
      text += line;
    }
  }
  return text;
}

/** Kept free for the line that says that the rest was cut. */
const CUT_LINE_BYTES = 64;
const END_BYTES = 64;

async function readEnd(file: FileHandle, size: number): Promise<string> {
  const length = Math.min(size, END_BYTES);
  const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, size - length);
  return buffer.toString("latin1", 0, bytesRead);
}

async function openToAppend(path: string): Promise<FileHandle> {
  try {
    return await open(path, "a+", FILE_MODE);
  } catch {
    await mkdir(dirname(path), { recursive: true });
    return open(path, "a+", FILE_MODE);
  }
}

/** Output of jobs may hold what is not for every account of the machine. */
const FILE_MODE = 0o600;

function isFull(error: unknown): boolean {
  return error instanceof Error && "code" in error && (error.code === "ENOSPC" || error.code === "EDQUOT");
}
