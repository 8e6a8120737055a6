import type { Platform } from "../../api/contract/platform-routes.ts";
import type { Transport } from "./transport.ts";

/** The platform as a whole. */
export class PlatformApi {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  async get(): Promise<Platform> {
    return this.#transport.json("GET", "/v1/platform");
  }

  /** Dispatches no more slots, of any job; what is on its way to workers, and what is triggered, runs. Idempotent. */
  async pause(body: { readonly note?: string } = {}): Promise<Platform> {
    return this.#transport.json("POST", "/v1/platform/pause", { body, isSafe: true });
  }

  /** Dispatches again; the slots that were missed follow the misfire policy of their jobs. Idempotent. */
  async resume(): Promise<Platform> {
    return this.#transport.json("POST", "/v1/platform/resume", { body: {}, isSafe: true });
  }
}
