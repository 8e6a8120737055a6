import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { FakeService } from "../../support/aws/fake-service.ts";
import { type AwsAnswer, type AwsRequest, readAwsRequest } from "./aws-request.ts";
import { type Charge, chargeOf } from "./charges.ts";
import type { Meter } from "./meter.ts";
import { questionsOf } from "./questions.ts";
import type { Permissions } from "./permissions.ts";

/** Serves the requests of one service. */
export type Backend = (request: AwsRequest) => Promise<AwsAnswer>;

/**
 * What becomes of a request that is not answered as it should be: `reset`, the connection breaks before anything is done;
 * `cut`, it is done, and the connection breaks instead of the answer.
 */
export type Breakage = "reset" | "cut";

/** Who signs with an access key. Without a role everything is allowed: the test itself. */
export interface Caller {
  readonly name: string;
  readonly roleArn?: string;
}

export interface AwsFrontOptions {
  readonly callers: ReadonlyMap<string, Caller>;
  readonly permissions: Permissions;
  readonly backends: Readonly<Record<string, Backend>>;
  readonly meter: Meter;
}

/** A request that a role's policies do not allow. */
export interface Refusal {
  readonly caller: string;
  readonly action: string;
  readonly resource: string;
}

/**
 * The one endpoint of all services: each request passes here before it reaches an emulator. It knows the caller by the
 * access key, refuses what the policies of the caller's role do not allow, and adds up what is consumed.
 */
export class AwsFront {
  /** What was refused, for tests of the roles. */
  readonly refusals: Refusal[] = [];
  readonly #options: AwsFrontOptions;
  readonly #server: Server;
  /** What a test puts in the place of a service's answers. */
  #fault: ((request: AwsRequest, caller: string) => AwsAnswer | Breakage | undefined) | undefined;

  constructor(options: AwsFrontOptions) {
    this.#options = options;
    this.#server = createServer((request, response) => void this.#serve(request, response));
    // SDK clients keep connections for as long as they like.
    this.#server.keepAliveTimeout = 60_000;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async listen(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
  }

  /** From now on requests for which `fault` gives an answer get that one, or break as it says; `undefined` ends it. */
  setFault(fault: ((request: AwsRequest, caller: string) => AwsAnswer | Breakage | undefined) | undefined): void {
    this.#fault = fault;
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }

  async #serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const hangUp = new AbortController();
    response.once("close", () => hangUp.abort());
    try {
      const answer = await this.#answer(await readAwsRequest(incoming, hangUp.signal));
      if (answer === undefined) return void incoming.socket.destroy();
      response.writeHead(answer.status, { ...answer.headers, "content-length": answer.body.byteLength });
      response.end(answer.body);
    } catch (error) {
      const { status, headers, body } = jsonError(500, "InternalServerError", String(error));
      response.writeHead(status, { ...headers });
      response.end(body);
    }
  }

  /** @returns `undefined` when the connection is to break */
  async #answer(request: AwsRequest): Promise<AwsAnswer | undefined> {
    const { callers, permissions, backends, meter } = this.#options;
    const caller = callers.get(request.accessKey);
    if (caller === undefined)
      return jsonError(403, "UnrecognizedClientException", "The security token included in the request is invalid.");
    const refusal = refusalOf(request, caller, permissions);
    if (refusal !== undefined) {
      this.refusals.push(refusal);
      const who = `User: ${caller.roleArn}/${caller.name} is not authorized to perform: ${refusal.action}`;
      return jsonError(400, "AccessDeniedException", `${who} on resource: ${refusal.resource}`);
    }
    const faulty = this.#fault?.(request, caller.name);
    if (faulty === "reset") return undefined;
    if (faulty !== undefined && faulty !== "cut") return faulty;
    const backend = backends[request.service];
    if (backend === undefined) return jsonError(404, "UnknownService", `There is no ${request.service} here`);
    const charge: Charge = chargeOf(request);
    const answer = await backend(charge.request);
    const { answer: visible, consumed } = await charge.settle(answer, backend);
    meter.record({ service: request.service, action: request.operation, caller: caller.name }, consumed);
    return faulty === "cut" ? undefined : visible;
  }
}

function refusalOf(request: AwsRequest, { name, roleArn }: Caller, permissions: Permissions): Refusal | undefined {
  if (roleArn === undefined) return undefined;
  const refused = questionsOf(request).find((question) => !permissions.allows(roleArn, question));
  return refused === undefined ? undefined : { caller: name, action: refused.action, resource: refused.resource };
}

/** An error as services with a JSON protocol answer it. */
export function jsonError(status: number, type: string, message: string): AwsAnswer {
  return {
    status,
    headers: { "content-type": "application/x-amz-json-1.0", "x-amzn-errortype": type },
    body: Uint8Array.from(Buffer.from(JSON.stringify({ __type: type, message }))),
  };
}

export function jsonAnswer(value: unknown, status = 200): AwsAnswer {
  return {
    status,
    headers: { "content-type": "application/x-amz-json-1.1" },
    body: Uint8Array.from(Buffer.from(JSON.stringify(value))),
  };
}

/** A stand-in for a service as the front asks it. */
export function fakeBackend(service: FakeService): Backend {
  return async ({ method, path, headers, body }) => {
    const { pathname, searchParams } = new URL(path, "http://localhost");
    const query = Object.fromEntries(searchParams);
    const text = new TextDecoder().decode(body);
    const reply = await service({ method, path: pathname, query, headers, body: text });
    return { status: reply.status, headers: { ...reply.headers }, body: Uint8Array.from(Buffer.from(reply.body)) };
  };
}
