import type { LineCounter } from "yaml";
import type { ErrorCode } from "./error-codes.ts";
import { toPointer } from "./json-pointer.ts";
import { MAX_REPORTED_ERRORS } from "./limits.ts";
import { type FieldError, ProblemError, problemOfErrors } from "./problem.ts";

/** A place in a file; line and column count from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** The faults of one file. */
export class YamlFaults {
  readonly #errors: FieldError[] = [];
  readonly #file: string;
  readonly #lines: LineCounter;

  constructor(file: string, lines: LineCounter) {
    this.#file = file;
    this.#lines = lines;
  }

  report(code: ErrorCode, path: readonly (string | number)[], offset: number, message: string): void {
    if (this.#errors.length === MAX_REPORTED_ERRORS) return;
    const { line, column } = positionOf(offset, this.#lines);
    this.#errors.push({ pointer: toPointer(path), code, detail: `${this.#file}:${line}:${column}: ${message}` });
  }

  throwIfAny(): void {
    if (this.#errors.length > 0) throw new ProblemError(problemOfErrors(this.#errors));
  }
}

/** The place of an offset; offsets before the first line are on it. */
export function positionOf(offset: number, lines: LineCounter): Position {
  const { line, col } = lines.linePos(offset);
  return { line: Math.max(line, 1), column: Math.max(col, 1) };
}
