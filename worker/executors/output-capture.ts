import type { Readable } from "node:stream";
import { MAX_LOG_BYTES } from "../../core/ports/run-logs.ts";
import type { TaskIo } from "./executor.ts";
import { LineSplitter } from "./line-splitter.ts";

/** At most 48 KB in UTF-8: below the 64 KB that a log entry may have. */
const MAX_LINE_LENGTH = 16_384;
/** What keeping a line costs besides its text; without it 10 MB of empty lines would be ten million entries. */
const LINE_OVERHEAD_BYTES = 48;
/** After so many bytes reading pauses, so that one noisy job does not keep the worker from the others. */
const BYTES_BETWEEN_PAUSES = 1024 * 1024;
const PAUSE_MS = 10;
const MAX_LAST_ERROR_LENGTH = 500;

/**
 * Hands the output of an attempt's process to its log, line by line. What exceeds `MAX_LOG_BYTES` is read and thrown
 * away, so that the process is not blocked and memory stays bounded; a system line says so.
 */
export class OutputCapture {
  readonly #io: Pick<TaskIo, "log">;
  #leftBytes = MAX_LOG_BYTES;
  #lastError = "";

  constructor(io: Pick<TaskIo, "log">) {
    this.#io = io;
  }

  /** The last line on stderr that was not blank, shortened; empty when there was none. */
  get lastError(): string {
    return this.#lastError;
  }

  attach(stream: Readable, source: "stdout" | "stderr"): void {
    const lines = new LineSplitter(MAX_LINE_LENGTH, (text) => this.#keep(source, text));
    let sincePauseBytes = 0;
    stream.on("data", (bytes: Buffer) => {
      if (this.#leftBytes > 0) lines.push(bytes);
      sincePauseBytes += bytes.length;
      if (sincePauseBytes < BYTES_BETWEEN_PAUSES) return;
      sincePauseBytes = 0;
      stream.pause();
      setTimeout(() => stream.resume(), PAUSE_MS);
    });
    stream.once("end", () => lines.end());
    // A pipe that breaks ends the output; how the process ended says the rest.
    stream.on("error", () => undefined);
  }

  #keep(source: "stdout" | "stderr", text: string): void {
    if (this.#leftBytes <= 0) return;
    this.#leftBytes -= Buffer.byteLength(text) + LINE_OVERHEAD_BYTES;
    if (this.#leftBytes <= 0) {
      this.#io.log("system", `Output is longer than ${MAX_LOG_BYTES} bytes: the rest is not kept`);
      return;
    }
    if (source === "stderr" && text.trim() !== "") this.#lastError = text.slice(0, MAX_LAST_ERROR_LENGTH);
    this.#io.log(source, text);
  }
}
