import type { JobDefinition } from "../../api/contract/job-definition.ts";
import { escapeInvisible } from "../../api/contract/quote.ts";

/** What a file written for another scheduler becomes. */
export interface ImportResult {
  /** In the order of the file; all are valid, and their names differ. */
  readonly jobs: readonly JobDefinition[];
  /** Names of jobs that were suspended in the file and should be paused once they are defined. */
  readonly paused: readonly string[];
  /** By line. An `error` means that something was left out; a `warning`, that it will act differently. */
  readonly notes: readonly ImportNote[];
}

export interface ImportNote {
  /** From 1; 0 for the file as a whole. */
  readonly line: number;
  readonly level: "info" | "warning" | "error";
  readonly text: string;
}

const MAX_NOTE_LENGTH = 500;

/** Collects notes while a file is read. */
export class ImportNotes {
  readonly #notes: ImportNote[] = [];

  /** @param text - may hold pieces of the file: it is shortened, and nothing in it can act on a terminal */
  add(line: number, level: ImportNote["level"], text: string): void {
    this.#notes.push({ line, level, text: escapeInvisible(text.slice(0, MAX_NOTE_LENGTH)) });
  }

  /** By line, else in the order they were added. */
  sorted(): ImportNote[] {
    return this.#notes.toSorted((a, b) => a.line - b.line);
  }
}
