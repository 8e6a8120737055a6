import type { LogEntry } from "../../core/ports/run-logs.ts";
import { cutEntry } from "../shared/log-text.ts";

/**
 * The lines of a log file, each a JSON array:
 *
 * - `["text","o",1772955000123]`: an entry; the letter is its source.
 * - `["cut",1772955000123]`: the file was full; nothing but the closing line comes behind.
 * - `["closed"]`: nothing comes behind.
 *
 * What a line is can be told from its last bytes, so that a writer needs to read no more than the end of the file.
 */
export type LogLine =
  | { readonly kind: "entry"; readonly entry: LogEntry }
  | { readonly kind: "closed" }
  | { readonly kind: "unreadable" };

export const CLOSED_LINE = '["closed"]\n';

export function entryLine({ atMs, source, text }: LogEntry): string {
  return `${JSON.stringify([text, LETTER[source], atMs])}\n`;
}

export function cutLine(atMs: number): string {
  return `["cut",${JSON.stringify(atMs)}]\n`;
}

/** Whether the last bytes of a file, 64 at most, say that nothing comes behind. An entry always ends in a number. */
export function isClosedEnd(end: string): boolean {
  return end.endsWith(CLOSED_LINE);
}

/** Whether the last bytes of a file say that it was full. */
export function isCutEnd(end: string): boolean {
  return /\["cut",[^"\]]*\]\n$/.test(end);
}

/** @param line - without its line feed */
export function parseLine(line: string): LogLine {
  let parts: unknown;
  try {
    parts = JSON.parse(line);
  } catch {
    // The writer was killed in the middle of it.
    return { kind: "unreadable" };
  }
  if (!Array.isArray(parts)) return { kind: "unreadable" };
  const [first, second, third]: readonly unknown[] = parts;
  if (parts.length === 1 && first === "closed") return { kind: "closed" };
  if (parts.length === 2 && first === "cut" && typeof second === "number")
    return { kind: "entry", entry: cutEntry(second) };
  const source = typeof second === "string" ? SOURCE.get(second) : undefined;
  if (typeof first !== "string" || source === undefined || typeof third !== "number") return { kind: "unreadable" };
  return { kind: "entry", entry: { atMs: third, source, text: first } };
}

const LETTER: Record<LogEntry["source"], string> = { stdout: "o", stderr: "e", system: "s" };
const SOURCE: ReadonlyMap<string, LogEntry["source"]> = new Map([
  ["o", "stdout"],
  ["e", "stderr"],
  ["s", "system"],
]);
