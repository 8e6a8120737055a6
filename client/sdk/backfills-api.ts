import type { Backfill, BackfillPlan, BackfillRequest } from "../../api/contract/backfill.ts";
import type { JobKey } from "./jobs-api.ts";
import { listAll, type PageOptions } from "./paging.ts";
import { route } from "./route.ts";
import type { Transport } from "./transport.ts";

/** Runs of a job for the slots of a stretch of time. */
export class BackfillsApi {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  async start({ namespace, job }: JobKey, body: Omit<BackfillRequest, "dryRun">): Promise<Backfill> {
    return this.#transport.json("POST", route`/v1/namespaces/${namespace}/jobs/${job}/backfills`, {
      body,
      headers: { "idempotency-key": crypto.randomUUID() },
      isSafe: true,
    });
  }

  /** The slots that a backfill would run; nothing is started. */
  async plan({ namespace, job }: JobKey, request: BackfillRequest): Promise<BackfillPlan> {
    return this.#transport.json("POST", route`/v1/namespaces/${namespace}/jobs/${job}/backfills`, {
      body: { ...request, dryRun: true },
      isSafe: true,
    });
  }

  async get({ namespace, job }: JobKey, id: string): Promise<Backfill> {
    return this.#transport.json("GET", route`/v1/namespaces/${namespace}/jobs/${job}/backfills/${id}`);
  }

  list({ namespace, job }: JobKey, options: PageOptions = {}): AsyncGenerator<Backfill> {
    return listAll(this.#transport, route`/v1/namespaces/${namespace}/jobs/${job}/backfills`, options);
  }

  /** Submits no further runs; those that were submitted stay. Idempotent. */
  async cancel({ namespace, job }: JobKey, id: string): Promise<Backfill> {
    const path = route`/v1/namespaces/${namespace}/jobs/${job}/backfills/${id}/cancel`;
    return this.#transport.json("POST", path, { body: {}, isSafe: true });
  }
}
