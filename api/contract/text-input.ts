import type { TextLimits } from "./limits.ts";
import { problem, ProblemError } from "./problem.ts";

/**
 * Decodes a text from outside. A byte order mark is dropped.
 *
 * @throws {ProblemError} `body-too-large` beyond `limits.maxBytes`, `invalid-unicode` when the bytes are not UTF-8
 */
export function readText(input: Uint8Array | string, limits: TextLimits): string {
  if (typeof input === "string") {
    if (input.length > limits.maxBytes || utf8Length(input) > limits.maxBytes) throw tooLarge(limits);
    return input.startsWith("\uFEFF") ? input.slice(1) : input;
  }
  if (input.byteLength > limits.maxBytes) throw tooLarge(limits);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(input);
  } catch (cause) {
    throw new ProblemError(problem("invalid-unicode", `Line ${firstBadLine(input)}: the text must be UTF-8`), {
      cause,
    });
  }
}

/** Line and column of an offset, both from 1; columns count UTF-16 units. */
export function lineAndColumn(text: string, offset: number): { readonly line: number; readonly column: number } {
  let line = 1;
  let lineStart = 0;
  for (let end = text.indexOf("\n"); end !== -1 && end < offset; end = text.indexOf("\n", lineStart)) {
    line++;
    lineStart = end + 1;
  }
  return { line, column: offset - lineStart + 1 };
}

function tooLarge(limits: TextLimits): ProblemError {
  return new ProblemError(problem("body-too-large", `The text must be at most ${limits.maxBytes} bytes`));
}

function utf8Length(text: string): number {
  return new TextEncoder().encode(text).byteLength;
}

/** Decodes line by line: the byte of a line feed is never part of another character. */
function firstBadLine(bytes: Uint8Array): number {
  let line = 1;
  for (let start = 0; start < bytes.length; line++) {
    const feed = bytes.indexOf(0x0a, start);
    const end = feed === -1 ? bytes.length : feed + 1;
    try {
      new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(start, end));
    } catch {
      return line;
    }
    start = end;
  }
  return line;
}
