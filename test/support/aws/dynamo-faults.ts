import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { Readable } from "node:stream";
import type { ClientOptions } from "../../../adapters/aws/clients.ts";

type Handler = DynamoDBClient["config"]["requestHandler"];
type Request = Parameters<Handler["handle"]>[0];
type Response = Awaited<ReturnType<Handler["handle"]>>;

/**
 * What befalls one request:
 * - `lost`: it is applied, and the connection breaks before the answer;
 * - `unsent`: nobody listens, and nothing is applied;
 * - an error of the service, with its fields besides `message`: nothing is applied;
 * - an answer in place of the service's, as JSON;
 * - a function that sees the request, may do what others do meanwhile, and then says which of these it is.
 */
export type DynamoFault = PlainFault | ((request: DynamoRequest) => Promise<PlainFault | undefined>);

type PlainFault =
  | "lost"
  | "unsent"
  | { readonly error: string; readonly message: string; readonly status?: number; readonly fields?: object }
  | { readonly answer: object };

/** One request as the service sees it. */
export interface DynamoRequest {
  /** Such as `UpdateItem`. */
  readonly operation: string;
  readonly input: Record<string, unknown>;
}

/** Stands between a client and its service: keeps what passes, and lets go wrong what it is told to. */
export class DynamoFaults {
  /** Every request so far, those that came to grief included. */
  readonly requests: DynamoRequest[] = [];
  /** Faults of the requests to come, one each; `undefined` lets one pass, as does an empty list. */
  readonly next: (DynamoFault | undefined)[] = [];
  readonly #service: Handler;

  /** @param client - a client of the service, whose connections are used */
  constructor(client: DynamoDBClient) {
    this.#service = client.config.requestHandler;
  }

  /** For `clientConfig`. */
  get requestHandler(): NonNullable<ClientOptions["requestHandler"]> {
    return { ...STUBS, handle: (request: Request, options) => this.#handle(request, options) } satisfies Handler;
  }

  async #handle(request: Request, options: Parameters<Handler["handle"]>[1]): Promise<Response> {
    const seen = {
      operation: (request.headers["x-amz-target"] ?? "").split(".")[1] ?? "",
      input: JSON.parse(new TextDecoder().decode(request.body as Uint8Array)) as Record<string, unknown>,
    };
    this.requests.push(seen);
    const next = this.next.shift();
    const fault = typeof next === "function" ? await next(seen) : next;
    if (fault === undefined) return this.#service.handle(request, options);
    if (fault === "unsent")
      throw Object.assign(new Error("connect ECONNREFUSED 127.0.0.1:9"), { code: "ECONNREFUSED" });
    if (fault === "lost") {
      const { response } = await this.#service.handle(request, options);
      (response.body as Readable).destroy();
      throw Object.assign(new Error("socket hang up"), { code: "ECONNRESET" });
    }
    if ("answer" in fault) return respond(200, fault.answer);
    const type = `com.amazonaws.dynamodb.v20120810#${fault.error}`;
    return respond(fault.status ?? 400, { __type: type, message: fault.message, ...fault.fields });
  }
}

const STUBS = { updateHttpClientConfig: () => undefined, httpHandlerConfigs: () => ({}) };

function respond(statusCode: number, body: object): Response {
  const headers = { "content-type": "application/x-amz-json-1.0" };
  return { response: { statusCode, headers, body: Readable.from([Buffer.from(JSON.stringify(body))]) } };
}
