import {
  type CloudWatchLogsClient,
  CreateLogStreamCommand,
  PutLogEventsCommand,
} from "@aws-sdk/client-cloudwatch-logs";
import type { Clock } from "../../core/ports/clock.ts";
import { PortError } from "../../core/ports/errors.ts";
import type { Random } from "../../core/ports/random.ts";
import { type LogEntry, MAX_LOG_BYTES } from "../../core/ports/run-logs.ts";
import { batchesOf, endEvent, type StreamEvent } from "./log-events.ts";
import { portError } from "./sdk-errors.ts";

export interface LogStreamWriterPorts {
  readonly client: CloudWatchLogsClient;
  readonly clock: Clock;
  readonly random: Random;
}

/** The names by which requests find a stream. */
export interface StreamRef {
  readonly logGroupName: string;
  readonly logStreamName: string;
}

/** The quota of CreateLogStream is 50 a second per account and region: whoever meets it waits, about 12 s in all. */
const MAX_CREATES = 6;
const CREATE_REST_MS = 500;
const MAX_CREATE_REST_MS = 8_000;

/** Writes one log stream, one request after the other. The stream is made with the first event. */
export class LogStreamWriter {
  readonly #ports: LogStreamWriterPorts;
  readonly #stream: StreamRef;
  #tail: Promise<void> = Promise.resolve();
  #isCreated = false;
  /** Of the newest event. */
  #lastMs = 0;
  #writtenBytes = 0;
  #isCut = false;
  #isEnded = false;

  constructor(ports: LogStreamWriterPorts, stream: StreamRef) {
    this.#ports = ports;
    this.#stream = stream;
  }

  /**
   * Resolves when the service has taken the entries. A request whose answer is lost is sent again, and its entries then
   * stand there twice: the service no longer tells.
   */
  write(entries: readonly LogEntry[]): Promise<void> {
    return this.#after(async () => {
      if (this.#isCut || this.#isEnded) return;
      const { batches, isCut } = batchesOf(entries, {
        nowMs: this.#ports.clock.nowMs(),
        lastMs: this.#lastMs,
        roomBytes: MAX_LOG_BYTES - this.#writtenBytes,
      });
      for (const { events, bytes } of batches) {
        await this.#put(events);
        this.#writtenBytes += bytes;
      }
      this.#isCut = isCut;
    });
  }

  /** Resolves when the service has taken the end. Behind it nothing is written. */
  end(): Promise<void> {
    return this.#after(async () => {
      if (this.#isEnded) return;
      await this.#put([endEvent({ nowMs: this.#ports.clock.nowMs(), lastMs: this.#lastMs })]);
      this.#isEnded = true;
    });
  }

  /** Sequential on purpose: what is written together could change places. */
  #after(write: () => Promise<void>): Promise<void> {
    const written = this.#tail.then(write);
    this.#tail = written.catch(() => {});
    return written;
  }

  async #put(events: readonly StreamEvent[]): Promise<void> {
    if (!this.#isCreated) await this.#create();
    this.#isCreated = true;
    const { logGroupName, logStreamName } = this.#stream;
    const action = `Cannot write to log stream "${logStreamName}" of group "${logGroupName}"`;
    const command = new PutLogEventsCommand({ ...this.#stream, logEvents: [...events] });
    // Also when it fails: it may have been applied, and what comes behind must not come before it.
    this.#lastMs = events.at(-1)?.timestamp ?? this.#lastMs;
    const { rejectedLogEventsInfo } = await this.#ports.client.send(command).catch((error: unknown) => {
      throw portError(action, error);
    });
    if (rejectedLogEventsInfo !== undefined) {
      const reason = `the service refused events as too old or too new: ${JSON.stringify(rejectedLogEventsInfo)}`;
      throw new PortError("INVALID", `${action}: ${reason}`);
    }
  }

  async #create(): Promise<void> {
    const { client, clock, random } = this.#ports;
    const { logGroupName, logStreamName } = this.#stream;
    for (let creates = 1, restMs = CREATE_REST_MS; ; creates += 1) {
      try {
        await client.send(new CreateLogStreamCommand(this.#stream));
        return;
      } catch (error) {
        if (error instanceof Error && error.name === "ResourceAlreadyExistsException") return;
        const failure = portError(`Cannot create log stream "${logStreamName}" in group "${logGroupName}"`, error);
        if (failure.code !== "THROTTLED" || creates === MAX_CREATES) throw failure;
      }
      await clock.sleep(random.next() * restMs);
      restMs = Math.min(MAX_CREATE_REST_MS, restMs * 2);
    }
  }
}
