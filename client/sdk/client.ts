import { BackfillsApi } from "./backfills-api.ts";
import { CalendarsApi } from "./calendars-api.ts";
import type { AuditRecord } from "../../api/contract/audit.ts";
import type { Preview, PreviewRequest } from "../../api/contract/preview.ts";
import type { Token } from "../../api/contract/token.ts";
import { JobsApi } from "./jobs-api.ts";
import { listAll, type PageOptions } from "./paging.ts";
import { PlatformApi } from "./platform-api.ts";
import { PoolsApi } from "./pools-api.ts";
import { route } from "./route.ts";
import { RunsApi } from "./runs-api.ts";
import { TokensApi } from "./tokens-api.ts";
import { Transport, type TransportOptions } from "./transport.ts";
import { WorkflowsApi } from "./workflows-api.ts";

/**
 * A client of one server. Methods mirror the routes of the API; listings are generators that fetch page after page.
 * A refusal by the server is an `ApiError`, a missing answer a `ConnectionError`.
 *
 * ```ts
 * const client = new CarillonClient({ url: "http://127.0.0.1:4680", token });
 * const run = await client.jobs.trigger({ namespace: "default", job: "report" });
 * for await (const event of client.runs.followLogs(run.id)) console.log(event);
 * ```
 */
export class CarillonClient {
  readonly jobs: JobsApi;
  readonly runs: RunsApi;
  readonly workflows: WorkflowsApi;
  readonly backfills: BackfillsApi;
  readonly calendars: CalendarsApi;
  readonly platform: PlatformApi;
  readonly pools: PoolsApi;
  readonly tokens: TokensApi;
  readonly #transport: Transport;

  /** @throws {TypeError} when `url` is not an address over HTTP(S) */
  constructor(options: TransportOptions) {
    const transport = new Transport(options);
    this.jobs = new JobsApi(transport);
    this.runs = new RunsApi(transport);
    this.workflows = new WorkflowsApi(transport);
    this.backfills = new BackfillsApi(transport);
    this.calendars = new CalendarsApi(transport);
    this.platform = new PlatformApi(transport);
    this.pools = new PoolsApi(transport);
    this.tokens = new TokensApi(transport);
    this.#transport = transport;
  }

  /** What a schedule will do; nothing is stored. */
  async preview(body: PreviewRequest): Promise<Preview> {
    return this.#transport.json("POST", "/v1/preview", { body, isSafe: true });
  }

  /** The token that the client uses, and what it may do. */
  async whoami(): Promise<Token> {
    return this.#transport.json("GET", "/v1/whoami");
  }

  /** Whether the server's process is alive. Needs no token. */
  async health(): Promise<{ readonly status: "ok" }> {
    return this.#transport.json("GET", "/healthz");
  }

  namespaces(options: PageOptions = {}): AsyncGenerator<{ readonly name: string }> {
    return listAll(this.#transport, "/v1/namespaces", options);
  }

  /** Who changed what in a namespace, newest first. */
  audit(namespace: string, options: PageOptions = {}): AsyncGenerator<AuditRecord> {
    return listAll(this.#transport, route`/v1/namespaces/${namespace}/audit`, options);
  }
}
