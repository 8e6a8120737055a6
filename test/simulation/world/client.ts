import type { ApiHost } from "./body.ts";
import type { Simulation } from "./simulation.ts";

/** What a client knows of a request that it has made. */
export interface Asked {
  readonly id: number;
  readonly method: string;
  readonly path: string;
  readonly body: unknown;
  readonly headers: Readonly<Record<string, string>>;
  /** True time since the history began. */
  readonly sentMs: number;
  /** Absent while nothing was answered: it may have been done, may be done still, or never. */
  answer?: ClientAnswer;
}

export interface ClientAnswer {
  readonly atMs: number;
  readonly status: number;
  readonly body: unknown;
  /** By which the audit trail knows the request. */
  readonly requestId: string;
  readonly isReplay: boolean;
}

export interface SendOptions {
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

const LEG_MS = 20;
const PATIENCE_MS = 30_000;

/** A client of the API with a history of its own: what it asked for, and what it was answered. */
export class Client {
  readonly history: Asked[] = [];
  readonly #simulation: Simulation;
  readonly #hosts: readonly ApiHost[];

  constructor(simulation: Simulation, hosts: readonly ApiHost[]) {
    this.#simulation = simulation;
    this.#hosts = hosts;
  }

  /** Sends a request to one of the hosts; `undefined` when no answer came in time. */
  send(method: string, path: string, { body, headers = {} }: SendOptions = {}): Promise<ClientAnswer | undefined> {
    const { kernel, faults, trace, adminToken } = this.#simulation;
    const id = this.history.length + 1;
    const entry: Asked = { id, method, path, body, headers, sentMs: kernel.nowMs };
    this.history.push(entry);
    trace.note(kernel.nowMs, "client", `${method} ${path} ${body === undefined ? "" : JSON.stringify(body)}`);
    const { promise, resolve } = Promise.withResolvers<ClientAnswer | undefined>();
    const end = kernel.in(PATIENCE_MS, () => {
      faults.count("request without answer");
      resolve(undefined);
    });
    const receive = (answer: Omit<ClientAnswer, "atMs">): void => {
      if (end.isCancelled || kernel.nowMs >= end.atMs) return;
      end.isCancelled = true;
      entry.answer = { ...answer, atMs: kernel.nowMs };
      trace.note(kernel.nowMs, "client", `${method} ${path} is answered ${answer.status}`);
      faults.count(`answer ${Math.floor(answer.status / 100)}xx`);
      resolve(entry.answer);
    };
    const name = `${method} ${path} ${id}`;
    kernel.in(LEG_MS * faults.draws.draw(`request ${name}`), () => {
      const host = faults.draws.pick(this.#hosts, `host of ${name}`);
      const life = host.process?.life;
      const { fetch } = host;
      if (life === undefined || fetch === undefined) return;
      life.happen(() => {
        const request = new Request(`http://api${path}`, {
          method,
          headers: {
            authorization: `Bearer ${adminToken}`,
            ...(body === undefined ? {} : { "content-type": "application/json" }),
            ...headers,
          },
          ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        });
        void answerOf(fetch(request)).then((answer) =>
          life.later(LEG_MS * faults.draws.draw(`answer ${name}`), () => receive(answer)),
        );
      });
    });
    return promise;
  }
}

async function answerOf(answering: Response | Promise<Response>): Promise<Omit<ClientAnswer, "atMs">> {
  const { status, headers, ...response } = await readWhole(await answering);
  const requestId = headers.get("carillon-request-id") ?? "";
  const body: unknown = response.text === "" ? undefined : JSON.parse(response.text);
  return { status, body, requestId, isReplay: headers.has("idempotency-replayed") };
}

async function readWhole(response: Response) {
  return { status: response.status, headers: response.headers, text: await response.text() };
}
