import { randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from "aws-lambda";
import { ACCOUNT, REGION } from "./identity.ts";

/** A request as it came in over HTTP. */
export interface HttpRequest {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  readonly sourceIp: string;
}

export async function readHttpRequest(incoming: IncomingMessage): Promise<HttpRequest> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of incoming as AsyncIterable<Uint8Array>) chunks.push(chunk);
  const { method = "GET", url = "/", headers, socket } = incoming;
  return {
    method,
    url,
    headers: Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(",") : (value ?? "")]),
    ),
    body: Buffer.concat(chunks),
    sourceIp: socket.remoteAddress ?? "127.0.0.1",
  };
}

/**
 * The event that API Gateway makes of a request for an integration of payload format 2.0: header names in lower case,
 * equal names joined by commas, cookies apart, bodies that are no text in base64.
 *
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
 */
export function apiEvent(
  { method, url, headers, body, sourceIp }: HttpRequest,
  routeKey: string,
): APIGatewayProxyEventV2 {
  const [path = "/", rawQueryString = ""] = url.split("?", 2);
  const { cookie, ...visible } = headers;
  const query = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(rawQueryString))
    query.set(name, query.has(name) ? `${query.get(name)},${value}` : value);
  const isText = /^(?:text\/|application\/(?:[\w.+-]*json|xml|javascript|[\w.+-]*yaml))/.test(
    headers["content-type"] ?? "application/json",
  );
  const now = new Date();
  const requestContext = {
    accountId: ACCOUNT,
    apiId: "api",
    domainName: headers["host"] ?? "localhost",
    domainPrefix: "api",
    http: {
      method,
      path: decode(path),
      protocol: "HTTP/1.1",
      sourceIp,
      userAgent: headers["user-agent"] ?? "",
    },
    requestId: randomUUID(),
    routeKey,
    stage: "$default",
    time: now.toUTCString(),
    timeEpoch: now.getTime(),
  };
  return {
    version: "2.0",
    routeKey,
    rawPath: decode(path),
    rawQueryString,
    ...(cookie !== undefined && { cookies: cookie.split(/; */) }),
    headers: visible,
    ...(query.size > 0 && { queryStringParameters: Object.fromEntries(query) }),
    requestContext,
    ...(body.byteLength > 0 && { body: Buffer.from(body).toString(isText ? "utf8" : "base64") }),
    isBase64Encoded: body.byteLength > 0 && !isText,
  };
}

/** The event of a Lambda authorizer of payload format 2.0 is the request's own without the body, and the identity. */
export function authorizerEvent(event: APIGatewayProxyEventV2, identitySource: readonly string[]): object {
  const { body: _, isBase64Encoded: __, ...rest } = event;
  const routeArn = `arn:aws:execute-api:${REGION}:${ACCOUNT}:api/$default/${event.requestContext.http.method}${event.rawPath}`;
  return { ...rest, type: "REQUEST", routeArn, identitySource };
}

/** What API Gateway makes of the answer of a function: without a `statusCode` the whole of it is a JSON body. */
export function readApiResult(payload: string): APIGatewayProxyStructuredResultV2 & { readonly statusCode: number } {
  const result = JSON.parse(payload) as APIGatewayProxyStructuredResultV2 | string | null;
  if (typeof result === "object" && result?.statusCode !== undefined) {
    return { ...result, statusCode: result.statusCode };
  }
  const body = typeof result === "string" ? result : JSON.stringify(result);
  return { statusCode: 200, headers: { "content-type": "application/json" }, body };
}

/** API Gateway hands paths on decoded. */
function decode(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
