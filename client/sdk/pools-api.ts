import type { z } from "zod";
import type { deadLetterSchema, Pool, Queue, redriveSchema, Worker } from "../../api/contract/pool.ts";
import { type Query, route } from "./route.ts";
import type { Transport } from "./transport.ts";

export interface QueueKey {
  readonly pool: string;
  readonly priority: Queue["priority"];
}

/** A message that was given up after too many deliveries. */
export type DeadLetter = z.infer<typeof deadLetterSchema>;

/** Pools, their workers and their queues. */
export class PoolsApi {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  async list(): Promise<readonly Pool[]> {
    return this.#items("/v1/pools");
  }

  async workers(pool: string): Promise<readonly Worker[]> {
    return this.#items(route`/v1/pools/${pool}/workers`);
  }

  /** Asks a worker to end its runs and take no more; it reads this with its next heartbeat. Idempotent. */
  async drain(worker: Pick<Worker, "pool" | "id">): Promise<Worker> {
    const path = route`/v1/workers/${worker.pool}/${worker.id}/drain`;
    return this.#transport.json("POST", path, { body: {}, isSafe: true });
  }

  /** How much waits in the queues of a pool, by priority. */
  async queues(pool: string): Promise<readonly Queue[]> {
    return this.#items(route`/v1/pools/${pool}/queues`);
  }

  /** The oldest dead letters of a queue. */
  async deadLetters(
    { pool, priority }: QueueKey,
    { limit }: { readonly limit?: number } = {},
  ): Promise<readonly DeadLetter[]> {
    return this.#items(route`/v1/pools/${pool}/queues/${priority}/dead-letters`, { limit });
  }

  /** Puts all dead letters of a queue back into it. */
  async redrive({ pool, priority }: QueueKey): Promise<z.infer<typeof redriveSchema>> {
    const path = route`/v1/pools/${pool}/queues/${priority}/dead-letters/redrive`;
    return this.#transport.json("POST", path, { body: {}, isSafe: true });
  }

  async #items<T>(path: string, query: Query = {}): Promise<readonly T[]> {
    return (await this.#transport.json<{ readonly items: readonly T[] }>("GET", path, { query })).items;
  }
}
