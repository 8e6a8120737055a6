import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { APIGatewayProxyEventV2 } from "aws-lambda";
import { apiEvent, authorizerEvent, type HttpRequest, readApiResult, readHttpRequest } from "./api-event.ts";
import type { CloudFunction } from "./cloud-function.ts";
import type { Deployment } from "./deployment.ts";
import { type HttpRoute, readRoutes } from "./http-routes.ts";
import type { Meter } from "./meter.ts";
import { Throttle } from "./throttle.ts";

export interface HttpApiOptions {
  readonly deployment: Deployment;
  readonly functions: ReadonlyMap<string, CloudFunction>;
  readonly meter: Meter;
}

type Identity = { readonly isAllowed: boolean; readonly context: Readonly<Record<string, unknown>> };

/** API Gateway takes bodies of 10 MB; a Lambda event of more than 6 MB is refused before. */
const MAX_BODY_BYTES = 6 * 1_024 * 1_024;
const CHARGED_BYTES = 512 * 1_024;

/**
 * The HTTP API of the templates on loopback: real requests become events of payload format 2.0, pass the authorizer where
 * their route names one, and the function's answer becomes a real response.
 */
export class HttpApi {
  readonly #options: HttpApiOptions;
  readonly #server: Server;
  readonly #routes: readonly HttpRoute[];
  readonly #throttle: Throttle;
  readonly #identities = new Map<string, { readonly identity: Identity; readonly untilMs: number }>();

  constructor(options: HttpApiOptions) {
    this.#options = options;
    this.#routes = readRoutes(options);
    const [stage] = options.deployment.all("AWS::ApiGatewayV2::Stage");
    this.#throttle = new Throttle(stage);
    this.#server = createServer((request, response) => {
      void readHttpRequest(request)
        .then((read) => this.#answer(read, response))
        .catch((error: unknown) => respond(response, 500, String(error)));
    });
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async listen(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }

  async #answer(request: HttpRequest, response: ServerResponse): Promise<void> {
    const { body } = request;
    this.#options.meter.record(
      { service: "apigateway", action: "request", caller: "client" },
      { requests: 1, chargedRequests: Math.max(1, Math.ceil(body.byteLength / CHARGED_BYTES)), bytes: body.byteLength },
    );
    if (!this.#throttle.take()) return respond(response, 429, "Too Many Requests");
    const route = this.#find(request);
    if (route === undefined) return respond(response, 404, "Not Found");
    if (body.byteLength > MAX_BODY_BYTES) return respond(response, 413, "Request Entity Too Large");
    const event = apiEvent(request, route.key);
    const identity = await this.#identify(route, event);
    if (typeof identity === "number") return respond(response, identity, REFUSALS[identity] ?? "Forbidden");
    const authorizer = { lambda: identity.context };
    const whole =
      route.authorizer === undefined ? event : { ...event, requestContext: { ...event.requestContext, authorizer } };
    const late = timeout(route.timeoutMs);
    const outcome = await Promise.race([route.integration.invoke(whole), late.promise]);
    late.clear();
    if (outcome === "late") return respond(response, 503, "Service Unavailable");
    if (outcome === undefined) return respond(response, 503, "Service Unavailable");
    if (!outcome.ok) return respond(response, 500, "Internal Server Error");
    const result = readApiResult(outcome.payload);
    for (const [name, value] of Object.entries(result.headers ?? {})) response.setHeader(name, String(value));
    if (result.cookies !== undefined) response.setHeader("set-cookie", result.cookies);
    response.statusCode = result.statusCode;
    response.end(Buffer.from(result.body ?? "", result.isBase64Encoded === true ? "base64" : "utf8"));
  }

  #find({ method, url }: HttpRequest): HttpRoute | undefined {
    const path = url.split("?", 1)[0] ?? "/";
    return this.#routes
      .filter((route) => ["ANY", method].includes(route.method) && route.path.test(path))
      .sort((left, right) => right.weight - left.weight)[0];
  }

  /** @returns who asks, or the status of the refusal */
  async #identify({ authorizer }: HttpRoute, event: APIGatewayProxyEventV2): Promise<Identity | 401 | 403 | 500> {
    if (authorizer === undefined) return { isAllowed: true, context: {} };
    const sources = authorizer.headers.map((name) => event.headers[name]);
    if (sources.some((value) => value === undefined || value === "")) return 401;
    const key = JSON.stringify([authorizer.function.name, sources]);
    const cached = this.#identities.get(key);
    if (cached !== undefined && cached.untilMs > performance.now()) return allowed(cached.identity);
    const outcome = await authorizer.function.invoke(authorizerEvent(event, sources as string[]));
    if (outcome?.ok !== true) return 500;
    const { isAuthorized, context = {} } = JSON.parse(outcome.payload) as { isAuthorized?: boolean; context?: object };
    const identity = { isAllowed: isAuthorized === true, context: { ...context } };
    if (authorizer.cacheMs > 0)
      this.#identities.set(key, { identity, untilMs: performance.now() + authorizer.cacheMs });
    return allowed(identity);
  }
}

const REFUSALS: Readonly<Record<number, string>> = {
  401: "Unauthorized",
  403: "Forbidden",
  500: "Internal Server Error",
};

function allowed(identity: Identity): Identity | 403 {
  return identity.isAllowed ? identity : 403;
}

function respond(response: ServerResponse, status: number, message: string): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify({ message }));
}

function timeout(ms: number): { readonly promise: Promise<"late">; clear(): void } {
  let timer: NodeJS.Timeout | undefined;
  const promise = new Promise<"late">((resolve) => {
    timer = setTimeout(() => resolve("late"), ms);
  });
  return { promise, clear: () => clearTimeout(timer) };
}
