import type { LogEntry } from "../../core/ports/run-logs.ts";

/** Splits a text into pieces of at most `MAX_LINE_BYTES`, never within a character. */
export function splitText(text: string): string[] {
  if (text.length * 3 <= MAX_LINE_BYTES) return [text];
  const bytes = Buffer.from(text);
  const pieces: string[] = [];
  for (let start = 0, end: number; start < bytes.length; start = end) {
    end = Math.min(start + MAX_LINE_BYTES, bytes.length);
    while (end < bytes.length && isContinuation(bytes[end])) end--;
    pieces.push(bytes.toString("utf8", start, end));
  }
  return pieces;
}

/** The entry that says that the rest of an attempt's output is not kept. */
export function cutEntry(atMs: number): LogEntry {
  return { atMs, source: "system", text: "Output is cut here: an attempt keeps at most 10 MB" };
}

const MAX_LINE_BYTES = 64 * 1_024;

/** In UTF-8 every byte of a character but its first has the form 10xxxxxx. */
function isContinuation(byte: number | undefined): boolean {
  return byte !== undefined && (byte & 0xc0) === 0x80;
}
