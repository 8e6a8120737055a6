import { connect, createServer, type Server, type Socket } from "node:net";
import type { AddressInfo } from "node:net";
import { setTimeout } from "node:timers/promises";
import type { Draws } from "./draws.ts";

/**
 * What becomes of one request:
 *
 * - `swallow`: it never arrives, and nothing is said
 * - `late`: it arrives after a while
 * - `reset`: the connection breaks before it arrives
 * - `cut`: it arrives, and the connection breaks instead of the answer: the client can't know what has happened
 */
const FATES = ["swallow", "late", "reset", "cut"] as const;
type Fate = (typeof FATES)[number] | "pass";

const MAX_LATE_MS = 1_500;

/** A TCP proxy on the loopback interface between the clients and whatever servers there are. */
export class Proxy {
  readonly #targets: () => readonly string[];
  readonly #draws: Draws;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #onFate: (fate: Fate) => void;
  #connections = 0;
  #requests = 0;
  /** The share of requests that something happens to. */
  #harm = 0;

  /** @param targets - addresses such as `http://127.0.0.1:4680`, asked for each connection */
  constructor(targets: () => readonly string[], draws: Draws, onFate: (fate: Fate) => void) {
    this.#targets = targets;
    this.#draws = draws;
    this.#onFate = onFate;
    this.#server = createServer((client) => this.#serve(client));
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  listen(): Promise<void> {
    return new Promise((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
  }

  setHarm(share: number): void {
    this.#harm = share;
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #serve(client: Socket): void {
    this.#connections += 1;
    const targets = this.#targets();
    if (targets.length === 0) return void client.resetAndDestroy();
    const { hostname, port } = new URL(this.#draws.at(`connection ${this.#connections}`).pick(targets));
    const server = connect(Number(port), hostname);
    let isCut = false;
    let isSwallowing = false;
    // A request may come in pieces: what follows a delayed piece must not overtake it.
    let sent = Promise.resolve();
    for (const [socket, other] of [
      [client, server],
      [server, client],
    ] as const) {
      this.#sockets.add(socket);
      socket.on("error", () => other.destroy());
      socket.on("close", () => {
        this.#sockets.delete(socket);
        other.destroy();
      });
    }
    client.on("data", (chunk) => {
      const fate = this.#fate();
      isSwallowing ||= fate === "swallow";
      if (isSwallowing) return;
      if (fate === "reset") return void client.resetAndDestroy();
      isCut ||= fate === "cut";
      if (fate === "late") sent = sent.then(() => setTimeout(this.#lateMs()));
      void sent.then(() => server.write(chunk));
    });
    server.on("data", (chunk) => {
      if (isCut) client.resetAndDestroy();
      else client.write(chunk);
    });
  }

  /** Of the next piece that a client sends, which for small requests is one request. */
  #fate(): Fate {
    this.#requests += 1;
    const random = this.#draws.at(`request ${this.#requests}`);
    const fate = random.next() < this.#harm ? random.pick(FATES) : "pass";
    if (fate !== "pass") this.#onFate(fate);
    return fate;
  }

  #lateMs(): number {
    return this.#draws.at(`late ${this.#requests}`).between(50, MAX_LATE_MS);
  }
}
