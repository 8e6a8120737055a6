import { type CloudWatchLogsClient, GetLogEventsCommand } from "@aws-sdk/client-cloudwatch-logs";
import { MAX_LOG_BYTES } from "../../core/ports/run-logs.ts";
import type { TaskIo } from "./executor.ts";
import { LineSplitter } from "./line-splitter.ts";

export interface ContainerLogOptions {
  readonly client: CloudWatchLogsClient;
  readonly logGroup: string;
  readonly logStream: string;
  readonly io: Pick<TaskIo, "log">;
}

/** In one look; what comes beyond is left to the next. A page has at most 1 MB. */
const MAX_PAGES = 20;
/** At most 48 KB in UTF-8: below the 64 KB that a log entry may have. */
const MAX_LINE_LENGTH = 16_384;
const MAX_LAST_LINE_LENGTH = 500;

/** Copies what a container prints from its stream of CloudWatch Logs into the log of its run. */
export class ContainerLog {
  readonly #options: ContainerLogOptions;
  readonly #lines: LineSplitter;
  #nextToken: string | undefined;
  #leftBytes = MAX_LOG_BYTES;
  #lastLine = "";
  #isTold = false;

  constructor(options: ContainerLogOptions) {
    this.#options = options;
    this.#lines = new LineSplitter(MAX_LINE_LENGTH, (text) => this.#keep(text));
  }

  /** The last line that was not blank, shortened; empty when there was none. */
  get lastLine(): string {
    return this.#lastLine;
  }

  /** Copies what has come since the last look. Never rejects: a log that can't be read is told once. @returns lines came */
  async copy(): Promise<boolean> {
    try {
      return await this.#copyPages();
    } catch (error) {
      const { name, message } = error as Error;
      // A container that has not printed anything yet has no stream.
      if (name !== "ResourceNotFoundException" && !this.#isTold) {
        this.#isTold = true;
        this.#options.io.log("system", `Cannot read the container's output: ${message}`);
      }
      return false;
    }
  }

  async #copyPages(): Promise<boolean> {
    const { client, logGroup, logStream } = this.#options;
    let hasCome = false;
    for (let page = 0; page < MAX_PAGES && this.#leftBytes > 0; page += 1) {
      const { events = [], nextForwardToken } = await client.send(
        new GetLogEventsCommand({
          logGroupName: logGroup,
          logStreamName: logStream,
          startFromHead: true,
          ...(this.#nextToken !== undefined && { nextToken: this.#nextToken }),
        }),
      );
      for (const { message = "" } of events) this.#lines.push(Buffer.from(`${message}\n`));
      hasCome ||= events.length > 0;
      // At the end of the stream the same token comes again; it stays good for what is written later.
      if (nextForwardToken === undefined || nextForwardToken === this.#nextToken) break;
      this.#nextToken = nextForwardToken;
    }
    return hasCome;
  }

  #keep(text: string): void {
    if (this.#leftBytes <= 0) return;
    const { io } = this.#options;
    this.#leftBytes -= Buffer.byteLength(text);
    if (this.#leftBytes <= 0) {
      io.log("system", `Output is longer than ${MAX_LOG_BYTES} bytes: the rest is in ${this.#options.logStream}`);
      return;
    }
    if (text.trim() !== "") this.#lastLine = text.slice(0, MAX_LAST_LINE_LENGTH);
    io.log("stdout", text);
  }
}
