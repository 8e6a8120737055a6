/** A line that a function or a worker has written. */
export interface JournalLine {
  /** Name of the function or of the service. */
  readonly source: string;
  readonly text: string;
}

/** Lines that are kept; older ones are forgotten. */
const MAX_LINES = 20_000;

/** What functions and workers have written, in order: what would stand in their log groups. */
export class Journal {
  readonly #lines: JournalLine[] = [];

  add(source: string, text: string): void {
    this.#lines.push({ source, text });
    if (this.#lines.length > MAX_LINES) this.#lines.splice(0, MAX_LINES / 2);
  }

  lines(source?: string): readonly JournalLine[] {
    return source === undefined ? this.#lines : this.#lines.filter((line) => line.source === source);
  }

  /** Lines that tell of something wrong: those of level `ERROR` or worse, and what is no log line at all. */
  complaints(): readonly JournalLine[] {
    return this.#lines.filter(({ text }) => !text.startsWith("{") || /"level":"(?:error|fatal|critical)"/i.test(text));
  }
}
