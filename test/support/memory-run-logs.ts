import type { LogEntry, LogPage, LogStream, RunLogs } from "../../core/ports/run-logs.ts";

/** The RunLogs port in memory. A cursor is the number of entries before it. */
export class MemoryRunLogs implements RunLogs {
  readonly #streams = new Map<string, { readonly entries: LogEntry[]; closed: boolean }>();
  /** Reads so far. */
  reads = 0;

  async append(stream: LogStream, entries: readonly LogEntry[]): Promise<void> {
    const log = this.#open(stream);
    if (!log.closed) log.entries.push(...entries);
  }

  async close(stream: LogStream): Promise<void> {
    this.#open(stream).closed = true;
  }

  async read(stream: LogStream, { cursor = "0", limit }: { cursor?: string; limit: number }): Promise<LogPage> {
    this.reads += 1;
    const log = this.#open(stream);
    const entries = log.entries.slice(Number(cursor), Number(cursor) + limit);
    const next = Number(cursor) + entries.length;
    return { entries, next: String(next), closed: log.closed && next === log.entries.length };
  }

  #open({ runId, attempt }: LogStream) {
    const key = `${runId}#${attempt}`;
    let log = this.#streams.get(key);
    if (log === undefined) this.#streams.set(key, (log = { entries: [], closed: false }));
    return log;
  }
}
