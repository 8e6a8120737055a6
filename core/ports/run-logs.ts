/** The RunLogs port: the output of each attempt, appended while it runs and readable meanwhile. */
export interface RunLogs {
  /** Appends entries in order. Entries are kept at most `MAX_LOG_BYTES` an attempt; then one marked entry says that the rest was cut. */
  append(stream: LogStream, entries: readonly LogEntry[]): Promise<void>;

  /**
   * Entries from `cursor` (default: the start), at most `limit` (1 or more); `next` continues from there, also for lines
   * not yet written. A stream that was never written to gives an empty page that is not closed.
   */
  read(stream: LogStream, options: { readonly cursor?: string; readonly limit: number }): Promise<LogPage>;

  /** Ends the stream: readers learn that nothing more will come, and what is appended afterwards is dropped. Idempotent. */
  close(stream: LogStream): Promise<void>;
}

export interface LogStream {
  readonly runId: string;
  readonly attempt: number;
}

export interface LogEntry {
  readonly atMs: number;
  /** `system` lines are Carillon's own. */
  readonly source: "stdout" | "stderr" | "system";
  /** One line without its line feed; at most 64 KB, longer ones are split. */
  readonly text: string;
}

export interface LogPage {
  readonly entries: readonly LogEntry[];
  readonly next: string;
  /** No more entries will ever come after these. */
  readonly closed: boolean;
}

export const MAX_LOG_BYTES = 10 * 1024 * 1024;
