import type { LogEntry, LogEvent, LogPage } from "../../api/contract/log.ts";
import type { CancelRequest, Run } from "../../api/contract/run.ts";
import type { Constraint, Why } from "../../api/contract/why.ts";
import { followLogs, type FollowOptions } from "./follow-logs.ts";
import { route } from "./route.ts";
import type { Transport } from "./transport.ts";

export interface LogOptions {
  /** Default: the last attempt. */
  readonly attempt?: number;
  readonly cursor?: string;
  /** Entries of one page, 1 to 1,000. */
  readonly limit?: number;
}

/** Runs by their ids, such as `default.report@20260308T073000.000Z`. */
export class RunsApi {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  async get(runId: string): Promise<Run> {
    return this.#transport.json("GET", route`/v1/runs/${runId}`);
  }

  /** Cancels a run. It is `cancelled` at once when it had not started; else its worker is asked to stop it. */
  async cancel(runId: string, body: CancelRequest = {}): Promise<Run> {
    return this.#transport.json("POST", route`/v1/runs/${runId}/cancel`, { body });
  }

  /** Runs an ended run's slot again, as a new run. */
  async rerun(runId: string): Promise<Run> {
    const headers = { "idempotency-key": crypto.randomUUID() };
    return this.#transport.json("POST", route`/v1/runs/${runId}/rerun`, { body: {}, headers, isSafe: true });
  }

  /** What holds the run back, or what became of it, the most decisive first. */
  async why(runId: string): Promise<readonly Constraint[]> {
    const path = route`/v1/runs/${runId}/why`;
    return (await this.#transport.json<Why>("GET", path)).constraints;
  }

  async logPage(runId: string, options: LogOptions = {}): Promise<LogPage> {
    return this.#transport.json("GET", route`/v1/runs/${runId}/logs`, { query: { ...options } });
  }

  /** What an attempt has written so far. */
  async *logs(runId: string, options: LogOptions = {}): AsyncGenerator<LogEntry> {
    let { cursor } = options;
    for (;;) {
      const page = await this.logPage(runId, { ...options, ...(cursor !== undefined && { cursor }) });
      yield* page.entries;
      // There is a cursor after the last line too: it leads to lines not yet written.
      if (page.entries.length === 0 || page.closed) return;
      cursor = page.nextCursor;
    }
  }

  /** What a run writes, as it writes it, over all attempts, until it has ended. */
  followLogs(runId: string, options: FollowOptions = {}): AsyncGenerator<LogEvent> {
    return followLogs(this.#transport, runId, options);
  }
}
