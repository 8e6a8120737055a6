import { setTimeout } from "node:timers/promises";
import type { EmbeddedHost } from "./embedded-host.ts";

const LOOK_MS = 1_000;
const TIMEOUT_MS = 1_000;
/** Names in the metrics of a server, of which each process counts from its own start. */
const FENCED = /^carillon_results_fenced(?:_total)?(?:\{[^}]*\})? (\d+)/m;

/** Adds up how many late results were refused, as the servers count it; what a server counted last before a kill is missing. */
export class FencedWatch {
  readonly #host: EmbeddedHost;
  readonly #token: string;
  readonly #byServer = new Map<string, number>();

  constructor(host: EmbeddedHost, token: string) {
    this.#host = host;
    this.#token = token;
  }

  get count(): number {
    return [...this.#byServer.values()].reduce((sum, count) => sum + count, 0);
  }

  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await Promise.all(this.#host.servers.map(({ id, url }) => this.#look(id, url).catch(() => undefined)));
      await setTimeout(LOOK_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  async #look(id: string, url: string): Promise<void> {
    const headers = { authorization: `Bearer ${this.#token}` };
    const response = await fetch(`${url}/metrics`, { headers, signal: AbortSignal.timeout(TIMEOUT_MS) });
    const match = FENCED.exec(await response.text());
    if (match !== null) this.#byServer.set(id, Number(match[1]));
  }
}
