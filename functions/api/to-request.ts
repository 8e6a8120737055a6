import type { APIGatewayProxyEventV2 } from "aws-lambda";
import { problem, ProblemError } from "../../api/contract/problem.ts";
import { quoteValue } from "../../api/contract/quote.ts";

/** Base64 of whole bytes, as API Gateway writes it. */
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** The part of an event of an HTTP API, payload version 2.0, that a request is made of. */
export type HttpEvent = Pick<
  APIGatewayProxyEventV2,
  "rawPath" | "rawQueryString" | "headers" | "cookies" | "body" | "isBase64Encoded"
> & { readonly requestContext: Pick<APIGatewayProxyEventV2["requestContext"], "http" | "domainName"> };

/**
 * The request that an event of API Gateway tells of.
 *
 * @throws {ProblemError} when it is none that HTTP allows: method, header, base64
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
 */
export function toRequest(event: HttpEvent): Request {
  const { http, domainName } = event.requestContext;
  const query = event.rawQueryString === "" ? "" : `?${event.rawQueryString}`;
  const url = `https://${domainName}${escapedPath(event.rawPath)}${query}`;
  const hasBody = event.body !== undefined && http.method !== "GET" && http.method !== "HEAD";
  const headers = headersOf(event);
  const body = hasBody ? { body: bodyOf(event) } : {};
  try {
    return new Request(url, { method: http.method, headers, ...body });
  } catch (cause) {
    throw new ProblemError(problem("method-not-allowed", `Method ${quoteValue(http.method)} is not allowed`), {
      cause,
    });
  }
}

/** Where the path comes decoded, what would end it or look like an escape is escaped again. */
function escapedPath(path: string): string {
  return path
    .replaceAll(/%(?![0-9A-Fa-f]{2})/g, "%25")
    .replaceAll("?", "%3F")
    .replaceAll("#", "%23");
}

function headersOf({ headers, cookies }: HttpEvent): Headers {
  const all = new Headers();
  for (const [name, value = ""] of Object.entries(headers)) {
    try {
      all.set(name, value);
    } catch (cause) {
      const detail = `Header ${quoteValue(name)} must hold no characters beyond Latin-1`;
      throw new ProblemError(problem("header-invalid", detail), { cause });
    }
  }
  if (cookies !== undefined && cookies.length > 0) all.set("cookie", cookies.join("; "));
  return all;
}

function bodyOf({ body = "", isBase64Encoded }: HttpEvent): Uint8Array<ArrayBuffer> {
  if (isBase64Encoded && !BASE64.test(body)) {
    throw new ProblemError(problem("json-syntax", "The body of the event must be base64, as the event says it is"));
  }
  return Uint8Array.from(Buffer.from(body, isBase64Encoded ? "base64" : "utf8"));
}
