import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { getRequestListener, RequestError } from "@hono/node-server";
import type { ErrorCode } from "../api/contract/error-codes.ts";
import { type Problem, PROBLEM_MEDIA_TYPE, problem } from "../api/contract/problem.ts";
import { MAX_HEADER_LENGTH, MAX_HEADERS } from "../api/request/check-request.ts";

/** Far above what the API takes, so that it is the API which refuses, in words; beyond it memory is at stake. */
const MAX_HEADER_BYTES = 8 * MAX_HEADER_LENGTH;

/**
 * Serves the API over HTTP/1.1. What is no request at all never reaches the API and is refused here, as a problem
 * document like any other; it has no id, as it is not logged.
 *
 * @param options.port - 0: any free one
 * @throws when the address can't be listened on
 */
export async function listen(
  fetch: (request: Request) => Response | Promise<Response>,
  { host, port }: { readonly host: string; readonly port: number },
): Promise<{ readonly server: Server; readonly port: number }> {
  const listener = getRequestListener(fetch, { hostname: host, errorHandler: answerRequestError });
  // Node's own answer to a request without `Host` is no problem document; one of HTTP/1.0 may leave it out.
  const options = { maxHeaderSize: MAX_HEADER_BYTES, requireHostHeader: false };
  const server = createServer(options, (request, response) => {
    const isNameless = request.headers.host === undefined && request.httpVersion !== "1.0";
    if (isNameless) response.socket?.end(messageOf(problem("request-malformed", ADDRESS_RULE)));
    else void listener(request, response);
  });
  server.on("clientError", refuseClient);
  return new Promise((resolve, reject) => {
    server.on("error", reject);
    server.listen(port, host, () => resolve({ server, port: (server.address() as AddressInfo).port }));
  });
}

const ADDRESS_RULE = "The request must have one Host header and a path that begins with '/'";

/** A request whose address can't be read. What fails otherwise is not the client's. */
function answerRequestError(error: unknown): Response {
  if (!(error instanceof RequestError)) throw error;
  const refusal = problem("request-malformed", ADDRESS_RULE);
  return Response.json(refusal, { status: refusal.status, headers: { "Content-Type": PROBLEM_MEDIA_TYPE } });
}

/** The parser has given up on this connection: it is told why and closed. */
function refuseClient(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (error.code === "ECONNRESET" || !socket.writable) return void socket.destroy();
  socket.end(messageOf(refusalOf(error.code ?? "")), () => socket.destroy());
}

function refusalOf(parserCode: string): Problem {
  const [code, detail] = REFUSALS[parserCode] ?? ["request-malformed", "The request must be valid HTTP/1.1"];
  return problem(code, detail);
}

const REFUSALS: Readonly<Record<string, readonly [ErrorCode, string]>> = {
  HPE_HEADER_OVERFLOW: [
    "headers-too-large",
    `The headers must be at most ${MAX_HEADERS} and, with the address, at most ${MAX_HEADER_BYTES} bytes`,
  ],
  ERR_HTTP_REQUEST_TIMEOUT: ["request-timeout", "The request was not complete in time"],
};

function messageOf(refusal: Problem): string {
  const body = JSON.stringify(refusal);
  const headers = [
    `HTTP/1.1 ${refusal.status} ${refusal.title}`,
    `Content-Type: ${PROBLEM_MEDIA_TYPE}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
    "Cache-Control: no-store",
    "Connection: close",
  ];
  return `${headers.join("\r\n")}\r\n\r\n${body}`;
}
