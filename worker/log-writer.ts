import type { Clock } from "../core/ports/clock.ts";
import type { LogEntry, LogStream, RunLogs } from "../core/ports/run-logs.ts";

const FLUSH_AT_ENTRIES = 500;

/**
 * Writes the output of one attempt in small batches. A log that can't be written is told and does not fail the run; an
 * attempt without output leaves no stream.
 */
export class LogWriter {
  readonly #logs: RunLogs;
  readonly #clock: Clock;
  readonly #stream: LogStream;
  readonly #onError: (error: unknown) => void;
  readonly #flushMs: number;
  #entries: LogEntry[] = [];
  #writing: Promise<void> | undefined;
  #isUsed = false;
  /** Cuts the wait for more output short. */
  readonly #closing = new AbortController();

  /** @param options.flushMs - how long output may wait for more of it */
  constructor(
    { logs, clock }: { logs: RunLogs; clock: Clock },
    { stream, flushMs, onError }: { stream: LogStream; flushMs: number; onError: (error: unknown) => void },
  ) {
    this.#logs = logs;
    this.#clock = clock;
    this.#stream = stream;
    this.#flushMs = flushMs;
    this.#onError = onError;
  }

  write(source: LogEntry["source"], text: string): void {
    this.#isUsed = true;
    this.#entries.push({ atMs: this.#clock.nowMs(), source, text });
    this.#writing ??= this.#writeSoon();
  }

  /** Writes what is left and ends the stream. */
  async close(): Promise<void> {
    if (!this.#isUsed) return;
    this.#closing.abort();
    await this.#writing;
    await this.#flush();
    await this.#logs.close(this.#stream).catch(this.#onError);
  }

  async #writeSoon(): Promise<void> {
    if (this.#entries.length < FLUSH_AT_ENTRIES) await this.#clock.sleep(this.#flushMs, this.#closing.signal);
    await this.#flush();
    this.#writing = undefined;
    if (this.#entries.length > 0) this.#writing = this.#writeSoon();
  }

  async #flush(): Promise<void> {
    const entries = this.#entries;
    if (entries.length === 0) return;
    this.#entries = [];
    await this.#logs.append(this.#stream, entries).catch(this.#onError);
  }
}
