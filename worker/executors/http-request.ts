import http from "node:http";
import https from "node:https";
import { isIPv6, type LookupFunction } from "node:net";
import type { Duplex } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createBrotliDecompress, createGunzip, createInflate } from "node:zlib";
import { Failure } from "./failure.ts";
import type { Headers } from "../../adapters/http-rules/header-rules.ts";

/** One request to a checked target. */
export interface HttpRequest {
  readonly url: URL;
  readonly method: string;
  readonly headers: Headers;
  readonly body?: string;
}

/** Where and how long it is sent. */
export interface HttpRoute {
  /** The checked addresses: no others are connected to. */
  readonly addresses: readonly string[];
  readonly signal: AbortSignal;
}

export interface HttpReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** Decompressed. */
  readonly body: Buffer;
}

export type SendRequest = (request: HttpRequest, route: HttpRoute) => Promise<HttpReply>;

/** Most that is read of a response, compressed and decompressed. */
export const MAX_RESPONSE_BYTES = 1024 * 1024;

const TLS_ERRORS = /^(?:ERR_TLS|ERR_SSL|CERT_|SELF_SIGNED|DEPTH_ZERO|UNABLE_TO_|HOSTNAME_MISMATCH|EPROTO)/;

/**
 * Sends a request on a connection of its own and reads the whole response. Redirects are not followed.
 *
 * @throws {Failure} `CONNECTION_FAILED`, `TLS_FAILED`, `RESPONSE_TOO_LARGE`, `RESPONSE_INVALID`; what an aborted signal
 *   leads to is among them, so look at the signal first
 */
export async function sendRequest({ url, method, headers, body }: HttpRequest, route: HttpRoute): Promise<HttpReply> {
  const client = url.protocol === "https:" ? https : http;
  const content = body === undefined ? undefined : Buffer.from(body);
  try {
    const request = client.request(url, {
      method,
      headers: content === undefined ? headers : { ...headers, "content-length": content.length },
      agent: false,
      lookup: lookupIn(route.addresses),
      // Whatever NODE_TLS_REJECT_UNAUTHORIZED says.
      rejectUnauthorized: true,
      signal: route.signal,
    });
    const response = await responseTo(request, content);
    const { statusCode: status = 0, headers: replyHeaders } = response;
    return { status, headers: replyHeaders, body: await readBody(response, method) };
  } catch (error) {
    throw requestFailure(error);
  }
}

function responseTo(request: http.ClientRequest, content: Buffer | undefined): Promise<http.IncomingMessage> {
  return new Promise((resolve, reject) => {
    request.once("response", resolve);
    // Stays attached: an error after the response shows in the reading of its body, and again here.
    request.on("error", reject);
    request.end(content);
  });
}

/** Answers a look-up from the checked addresses, so that a second answer of the resolver cannot change the target. */
function lookupIn(addresses: readonly string[]): LookupFunction {
  const answers = addresses.map((address) => ({ address, family: isIPv6(address) ? 6 : 4 }));
  return (hostname, options, callback) => {
    const [first] = answers;
    if (first === undefined) callback(new Error(`${hostname} has no checked address`), "");
    else if (options.all === true) callback(null, answers);
    else callback(null, first.address, first.family);
  };
}

async function readBody(response: http.IncomingMessage, method: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  const keep = async (source: AsyncIterable<Buffer>): Promise<void> => {
    for await (const chunk of capped(source)) chunks.push(chunk);
  };
  const decoder = method === "HEAD" ? undefined : decoderFor(response.headers["content-encoding"]);
  await (decoder === undefined ? pipeline(response, keep) : pipeline(response, capped, decoder, keep));
  return Buffer.concat(chunks);
}

/** `undefined` when the body is to be kept as it comes. */
function decoderFor(encoding = ""): Duplex | undefined {
  switch (encoding.trim().toLowerCase()) {
    case "gzip":
    case "x-gzip":
      return createGunzip();
    case "deflate":
      return createInflate();
    case "br":
      return createBrotliDecompress();
    default:
      return undefined;
  }
}

async function* capped(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let bytes = 0;
  for await (const chunk of source) {
    bytes += chunk.length;
    if (bytes > MAX_RESPONSE_BYTES) {
      const message = `Cannot read the response: it is larger than ${MAX_RESPONSE_BYTES} bytes`;
      throw new Failure("RESPONSE_TOO_LARGE", message, { retryable: false });
    }
    yield chunk;
  }
}

function requestFailure(error: unknown): Failure {
  if (error instanceof Failure) return error;
  const { code = "", message } = rootOf(error) as NodeJS.ErrnoException;
  if (code.startsWith("Z_") || code.startsWith("ERR_BROTLI") || code.startsWith("ERR__ERROR")) {
    return new Failure("RESPONSE_INVALID", `Cannot decompress the response: ${message}`, { cause: error });
  }
  if (code.startsWith("HPE_")) {
    return new Failure("RESPONSE_INVALID", `Cannot read the response: ${message}`, { cause: error });
  }
  const name = TLS_ERRORS.test(code) ? "TLS_FAILED" : "CONNECTION_FAILED";
  return new Failure(name, `Cannot send the request: ${message}`, { cause: error });
}

/** When several addresses were tried, the first one's error tells most. */
function rootOf(error: unknown): unknown {
  return error instanceof AggregateError ? error.errors[0] : error;
}
