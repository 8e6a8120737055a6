import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { onTestFinished } from "vitest";
import { CarillonClient } from "../../../client/sdk/client.ts";
import { problem, PROBLEM_MEDIA_TYPE } from "../../../api/contract/problem.ts";
import type { ErrorCode } from "../../../api/contract/error-codes.ts";

/** A request that came, in what a test looks at. */
export interface Seen {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

export type Answer = (response: ServerResponse) => void;

/** A server that gives one answer after the other; the last one again and again. */
export async function startFakeServer(...answers: readonly Answer[]): Promise<FakeServer> {
  const seen: Seen[] = [];
  const server = createServer((request, response) => {
    void answerNext(request, response);
  });
  async function answerNext(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = "", url = "", headers } = request;
    seen.push({ method, url, headers, body: await text(request) });
    answers[Math.min(seen.length, answers.length) - 1]?.(response);
  }
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const slept: number[] = [];
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const sleep = async (ms: number): Promise<void> => void slept.push(ms);
  return { url, seen, slept, client: new CarillonClient({ url, token: "t-1", timeoutMs: 10_000, sleep }) };
}

export interface FakeServer {
  readonly url: string;
  /** In the order they came. */
  readonly seen: readonly Seen[];
  /** Delays between attempts that were asked for, in milliseconds; none was waited out. */
  readonly slept: readonly number[];
  readonly client: CarillonClient;
}

export function json(status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): Answer {
  return (response) => {
    response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(body));
  };
}

export function refusal(code: ErrorCode, headers: Readonly<Record<string, string>> = {}): Answer {
  const document = problem(code, `Cannot do it: ${code}`, { instance: "req-1" });
  return json(document.status, document, { "content-type": PROBLEM_MEDIA_TYPE, ...headers });
}

/** An answer of something between us and the server. */
export function page(status: number, headers: Readonly<Record<string, string>> = {}): Answer {
  return (response) =>
    void response.writeHead(status, { "content-type": "text/html", ...headers }).end("<p>gateway</p>");
}

/** Breaks the connection without an answer. */
export const hangUp: Answer = (response) => void response.destroy();

/** Server-sent events; then the connection ends. */
export function events(...texts: readonly string[]): Answer {
  return (response) => void response.writeHead(200, { "content-type": "text/event-stream" }).end(texts.join(""));
}

export function event(name: string, data: unknown, id?: string): string {
  return `event: ${name}\n${id === undefined ? "" : `id: ${id}\n`}data: ${JSON.stringify(data)}\n\n`;
}
