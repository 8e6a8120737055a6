import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import type { ECSClientConfig } from "@aws-sdk/client-ecs";

/** A request as the service behind an endpoint sees it. */
export interface FakeRequest {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface FakeReply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string;
}

export type FakeService = (request: FakeRequest) => FakeReply | Promise<FakeReply>;

/** Answers an SDK client's requests within the process: `new ECSClient({ requestHandler: requestHandler(…) })`. */
export function requestHandler(service: FakeService): NonNullable<ECSClientConfig["requestHandler"]> {
  return {
    handle: async (request: SdkRequest, { abortSignal }: { readonly abortSignal?: AbortSignal } = {}) => {
      const { method, path, headers, body } = request;
      const answering = Promise.resolve(
        service({ method, path, query: request.query ?? {}, headers: lowered(headers), body: textOf(body) }),
      );
      const reply = await Promise.race([answering, rejectedBy(abortSignal)]);
      const bytes = new TextEncoder().encode(reply.body);
      return { response: { statusCode: reply.status, headers: { ...reply.headers }, body: bytes } };
    },
  };
}

/** Answers the requests of other processes. @returns the address for their `AWS_ENDPOINT_URL_…` */
export async function serve(
  service: FakeService,
): Promise<{ readonly url: string; readonly close: () => Promise<void> }> {
  const server = createServer((incoming, outgoing) => void answer(service, incoming, outgoing));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(service: FakeService, incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  const url = new URL(incoming.url ?? "/", "http://localhost");
  const body = await buffer(incoming);
  const reply = await service({
    method: incoming.method ?? "GET",
    path: url.pathname,
    query: Object.fromEntries(url.searchParams),
    headers: lowered(incoming.headers),
    body: body.toString(),
  });
  outgoing.writeHead(reply.status, { ...reply.headers }).end(reply.body);
}

/** Of a client that never leaves the process. */
export const OFFLINE = {
  region: "eu-central-1",
  credentials: { accessKeyId: "test", secretAccessKey: "test" },
} as const;

interface SdkRequest {
  readonly method: string;
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string;
}

function lowered(headers: Readonly<Record<string, string | string[] | undefined>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), String(value)]));
}

function textOf(body: Uint8Array | string | undefined): string {
  return typeof body === "object" ? new TextDecoder().decode(body) : (body ?? "");
}

function rejectedBy(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_, reject) => {
    const onAbort = (): void => reject(Object.assign(new Error("Request aborted"), { name: "AbortError" }));
    if (signal?.aborted === true) onAbort();
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}
