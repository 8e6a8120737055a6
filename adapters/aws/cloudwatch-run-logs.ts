import type { CloudWatchLogsClient } from "@aws-sdk/client-cloudwatch-logs";
import type { Clock } from "../../core/ports/clock.ts";
import type { Random } from "../../core/ports/random.ts";
import type { LogEntry, LogPage, LogStream, RunLogs } from "../../core/ports/run-logs.ts";
import { SystemClock } from "../shared/system-clock.ts";
import { SystemRandom } from "../shared/system-random.ts";
import { readLogStream } from "./log-reader.ts";
import { logStreamName } from "./log-stream-name.ts";
import { LogStreamWriter, type LogStreamWriterPorts, type StreamRef } from "./log-stream-writer.ts";

export interface CloudWatchRunLogsOptions {
  readonly client: CloudWatchLogsClient;
  /** Name of a log group of class Standard: the cheaper classes offer only a part of the ways to read. */
  readonly logGroup: string;
  /** @default the machine's */
  readonly clock?: Clock;
  /** @default the platform's */
  readonly random?: Random;
}

/**
 * The RunLogs port over one log stream of CloudWatch Logs for each attempt, made with its first line: an attempt without
 * output costs nothing. One process writes a stream, any number read it meanwhile.
 *
 * Where it differs from a log of files:
 *
 * - Reading lags behind writing, as a rule by a few seconds. A page may lack what was just appended, `closed` included;
 *   the next read from its cursor goes on where it ended. Should lines ever show in another order than they were written
 *   in, a follower misses the late one, and a reader from the start does not.
 * - Instants of entries are whole milliseconds.
 * - After a lost answer lines may stand there twice.
 * - Cursors are good for 24 hours.
 *
 * Requests are free; what is written costs $0.50 a GB (us-east-1), at 55 bytes a line more than its text. The quotas that
 * matter, all per account and region, are 50 new streams, 5,000 writes and 25 reads a second.
 *
 * @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html
 */
export class CloudWatchRunLogs implements RunLogs {
  readonly #ports: LogStreamWriterPorts;
  readonly #logGroup: string;
  /** By the name of the stream; of those that are not ended yet. */
  readonly #writers = new Map<string, LogStreamWriter>();
  /** Names of streams that were ended here, the oldest first: what is still appended to them is dropped. */
  readonly #ended = new Set<string>();

  constructor(options: CloudWatchRunLogsOptions) {
    const { client, logGroup, clock = new SystemClock(), random = new SystemRandom() } = options;
    this.#ports = { client, clock, random };
    this.#logGroup = logGroup;
  }

  async append(stream: LogStream, entries: readonly LogEntry[]): Promise<void> {
    const ref = this.#refOf(stream);
    if (entries.length === 0 || this.#ended.has(ref.logStreamName)) return;
    await this.#writerOf(ref).write(entries);
  }

  async close(stream: LogStream): Promise<void> {
    const ref = this.#refOf(stream);
    if (this.#ended.has(ref.logStreamName)) return;
    try {
      await this.#writerOf(ref).end();
      this.#remember(ref.logStreamName);
    } finally {
      this.#writers.delete(ref.logStreamName);
    }
  }

  read(stream: LogStream, options: { readonly cursor?: string; readonly limit: number }): Promise<LogPage> {
    return readLogStream(this.#ports.client, this.#refOf(stream), options);
  }

  #refOf(stream: LogStream): StreamRef {
    return { logGroupName: this.#logGroup, logStreamName: logStreamName(stream) };
  }

  #writerOf(ref: StreamRef): LogStreamWriter {
    let writer = this.#writers.get(ref.logStreamName);
    if (writer === undefined) this.#writers.set(ref.logStreamName, (writer = new LogStreamWriter(this.#ports, ref)));
    return writer;
  }

  #remember(name: string): void {
    this.#ended.add(name);
    for (const oldest of this.#ended) {
      if (this.#ended.size <= MAX_ENDED_KEPT) return;
      this.#ended.delete(oldest);
    }
  }
}

/** Lines come late by moments, not by a thousand attempts. */
const MAX_ENDED_KEPT = 1_000;
