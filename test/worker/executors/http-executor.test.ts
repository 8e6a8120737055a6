import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { brotliCompressSync, deflateSync, gzipSync } from "node:zlib";
import { afterEach, describe, expect, it } from "vitest";
import type { HttpDefinition } from "../../../core/job/executor.ts";
import type { Outcome, Task } from "../../../worker/executors/executor.ts";
import { HttpExecutor, type HttpExecutorOptions } from "../../../worker/executors/http-executor.ts";
import type { HttpReply, HttpRequest, HttpRoute, SendRequest } from "../../../worker/executors/http-request.ts";
import { aTask, RecordedIo } from "./support.ts";

interface Seen {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

type Answer = (request: Seen, response: ServerResponse) => void;

const servers: Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) {
    server.close();
    server.closeAllConnections();
  }
});

/** A server on 127.0.0.1 that keeps what it was asked. */
async function aServer(answer: Answer, server: Server = createServer()): Promise<{ port: number; seen: Seen[] }> {
  const seen: Seen[] = [];
  server.on("request", (request: IncomingMessage, response: ServerResponse) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const { method, url, headers } = request;
      const one = { method, url, headers, body: Buffer.concat(chunks).toString() };
      seen.push(one);
      answer(one, response);
    });
  });
  servers.push(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return { port: (server.address() as AddressInfo).port, seen };
}

function execute(
  definition: Omit<HttpDefinition, "type">,
  { io = new RecordedIo(), allow = ["127.0.0.1"], ...options }: Partial<Setup> = {},
): Promise<Outcome> {
  const executor = new HttpExecutor({ allow: (namespace) => (namespace === "acme" ? allow : []), ...options });
  return executor.execute(aTask({ type: "http", ...definition }, options.task), io);
}

interface Setup extends Omit<HttpExecutorOptions, "allow"> {
  readonly io: RecordedIo;
  readonly allow: readonly string[];
  readonly task: Partial<Task>;
}

function reply(status: number, headers: HttpReply["headers"] = {}, body = ""): HttpReply {
  return { status, headers, body: Buffer.from(body) };
}

/** A connector that gives one answer to everything. */
function answering(answer: HttpReply): SendRequest {
  return () => Promise.resolve(answer);
}

/** A resolver that knows one answer. */
function resolvingTo(...addresses: string[]): (host: string) => Promise<string[]> {
  return () => Promise.resolve(addresses);
}

/** Keeps what would be sent; nothing leaves the machine. */
function aRecorder(): { sent: { request: HttpRequest; route: HttpRoute }[]; send: SendRequest } {
  const sent: { request: HttpRequest; route: HttpRoute }[] = [];
  return {
    sent,
    send: (request, route) => {
      sent.push({ request, route });
      return Promise.resolve(reply(200));
    },
  };
}

/** Answers each URL with the redirect that is given for it; everything else with 200. */
function sendThrough(redirects: Record<string, [status: number, location: string]>): {
  sent: HttpRequest[];
  send: SendRequest;
} {
  const sent: HttpRequest[] = [];
  return {
    sent,
    send: (request) => {
      sent.push(request);
      const [status, location] = redirects[request.url.href] ?? [200, undefined];
      return Promise.resolve(reply(status, location === undefined ? {} : { location }));
    },
  };
}

describe("HttpExecutor: request", () => {
  it("sends method, headers and JSON, and says which attempt asks", async () => {
    const { port, seen } = await aServer((_, response) => response.end("ok"));

    const outcome = await execute(
      {
        method: "PUT",
        url: `http://127.0.0.1:${port}/orders?x=1`,
        headers: { "X-Own": "1", "User-Agent": "own" },
        body: { a: [1] },
      },
      { task: { runId: "acme.report.8" } },
    );

    expect(outcome).toMatchObject({ ok: true, result: { status: 200, body: "ok", bytes: 2 } });
    expect(seen).toHaveLength(1);
    expect(seen[0]).toMatchObject({ method: "PUT", url: "/orders?x=1", body: '{"a":[1]}' });
    expect(seen[0]?.headers).toEqual({
      accept: "*/*",
      "accept-encoding": "gzip, deflate, br",
      "carillon-attempt": "2",
      "carillon-run-id": "acme.report.8",
      "carillon-slot": "2026-03-31T04:05:06.789Z",
      connection: "close",
      "content-length": "9",
      "content-type": "application/json",
      host: `127.0.0.1:${port}`,
      "idempotency-key": "acme.report.8",
      "user-agent": "own",
      "x-own": "1",
    });
  });

  it("is GET without a body and POST with one, unless the job says otherwise", async () => {
    const { port, seen } = await aServer((_, response) => response.end());
    const url = `http://127.0.0.1:${port}/`;

    await execute({ url });
    await execute({ url, body: "für alle", headers: { "idempotency-key": "own" } });

    expect(seen[0]).toMatchObject({ method: "GET", body: "" });
    expect(seen[1]).toMatchObject({
      method: "POST",
      body: "für alle",
      headers: { "content-type": "text/plain; charset=utf-8", "content-length": "9", "idempotency-key": "own" },
    });
  });

  it.each([
    { Host: "evil" },
    { "content-length": "0" },
    { "Transfer-Encoding": "chunked" },
    { Connection: "upgrade" },
    { "Proxy-Authorization": "x" },
    { TE: "trailers" },
    { Upgrade: "websocket" },
    { "Carillon-Run-Id": "forged" },
    { "X-A": "b\r\nHost: evil" },
    { "X-A": "b\nHost: evil" },
    { "X-A": "b\0" },
    { "X-A": "€" },
    { "X A": "b" },
    { "": "b" },
  ])("refuses the headers %j", async (headers) => {
    const { sent, send } = aRecorder();

    expect(await execute({ url: "https://8.8.8.8/", headers }, { send })).toMatchObject({
      ok: false,
      error: { name: "HEADER_NOT_ALLOWED", retryable: false },
    });
    expect(sent).toEqual([]);
  });
});

describe("HttpExecutor: response", () => {
  it("keeps status, some headers and parsed JSON", async () => {
    const { port } = await aServer((_, response) => {
      response.writeHead(201, {
        "content-type": "application/problem+json; charset=utf-8",
        etag: '"7"',
        "set-cookie": "secret=1",
        date: "now",
      });
      response.end('{"id": 7}');
    });

    expect(await execute({ url: `http://127.0.0.1:${port}/` })).toEqual({
      ok: true,
      result: {
        status: 201,
        headers: { "content-type": "application/problem+json; charset=utf-8", etag: '"7"', date: "now" },
        bytes: 9,
        body: { id: 7 },
      },
    });
  });

  it.each([
    ["text/html", "<p>hi</p>", { body: "<p>hi</p>" }],
    ["application/json", "not json", { body: "not json" }],
    ["text/plain", "ü".repeat(40_000), { body: "ü".repeat(32_768), truncated: true, bytes: 80_000 }],
    ["text/plain", `x${"ü".repeat(40_000)}`, { body: `x${"ü".repeat(32_767)}`, truncated: true }],
    ["application/json", JSON.stringify("x".repeat(70_000)), { body: `"${"x".repeat(65_535)}`, truncated: true }],
  ])("keeps of %s what fits", async (type, body, expected) => {
    const send = answering(reply(200, { "content-type": type }, body));

    expect(await execute({ url: "https://8.8.8.8/" }, { send })).toMatchObject({ ok: true, result: expected });
  });

  it("keeps only the size of what is no text", async () => {
    const send = answering(reply(200, { "content-type": "image/png" }, "12345"));

    expect(await execute({ url: "https://8.8.8.8/" }, { send })).toEqual({
      ok: true,
      result: { status: 200, headers: { "content-type": "image/png" }, bytes: 5 },
    });
  });

  it("fails with the status when it is no success, and logs what was answered", async () => {
    const io = new RecordedIo();
    const { port } = await aServer((_, response) => response.writeHead(503).end("try later\r\nor never"));

    expect(await execute({ url: `http://127.0.0.1:${port}/a?token=secret` }, { io })).toEqual({
      ok: false,
      error: { name: "HTTP_503", message: `GET http://127.0.0.1:${port}/a answered 503` },
    });
    expect(io.lines("system")).toEqual([
      `GET http://127.0.0.1:${port}/a answered 503 with 19 bytes`,
      "try later",
      "or never",
    ]);
  });

  it.each([
    [[404], 404, true],
    [["200-299", 404], 204, true],
    [["200-203"], 204, false],
    [["500-599"], 200, false],
    [[302], 302, true],
  ])("takes %j for success: %i", async (successCodes, status, ok) => {
    const send = answering(reply(status, { location: "/next" }));

    expect(await execute({ url: "https://8.8.8.8/", successCodes }, { send })).toMatchObject({ ok });
  });

  it.each([
    ["gzip", gzipSync],
    ["deflate", deflateSync],
    ["br", brotliCompressSync],
  ])("decompresses %s", async (encoding, compress) => {
    const { port } = await aServer((_, response) => {
      response.writeHead(200, { "content-encoding": encoding, "content-type": "text/plain" }).end(compress("hello"));
    });

    expect(await execute({ url: `http://127.0.0.1:${port}/` })).toMatchObject({ ok: true, result: { body: "hello" } });
  });

  it("reads no body of HEAD, whatever encoding it names", async () => {
    const { port } = await aServer((_, response) => response.writeHead(200, { "content-encoding": "gzip" }).end());

    expect(await execute({ method: "HEAD", url: `http://127.0.0.1:${port}/` })).toMatchObject({ ok: true });
  });

  it("gives up on an endless response", async () => {
    const { port } = await aServer((_, response) => {
      const more = (): void => {
        while (response.write(Buffer.alloc(65_536, "x")));
      };
      response.on("drain", more);
      more();
    });

    expect(await execute({ url: `http://127.0.0.1:${port}/` })).toMatchObject({
      ok: false,
      error: { name: "RESPONSE_TOO_LARGE", retryable: false },
    });
  });

  it("gives up on a small response that decompresses to a large one", async () => {
    const { port } = await aServer((_, response) => {
      response.writeHead(200, { "content-encoding": "gzip" }).end(gzipSync(Buffer.alloc(64 * 1024 * 1024)));
    });

    expect(await execute({ url: `http://127.0.0.1:${port}/` })).toMatchObject({
      error: { name: "RESPONSE_TOO_LARGE" },
    });
  });

  it.each([
    ["is not compressed as it says", { "content-encoding": "gzip" }, "plain", "RESPONSE_INVALID"],
    ["is not compressed as it says", { "content-encoding": "br" }, "plain!", "RESPONSE_INVALID"],
    ["ends early", { "content-length": "100" }, "short", "CONNECTION_FAILED"],
  ])("fails when the response %s", async (_, headers, body, name) => {
    const { port } = await aServer((_request, response) => {
      response.writeHead(200, headers);
      response.write(body, () => (name === "CONNECTION_FAILED" ? response.destroy() : response.end()));
    });

    expect(await execute({ url: `http://127.0.0.1:${port}/` })).toMatchObject({ ok: false, error: { name } });
  });

  it("fails when nobody listens, and may be tried again", async () => {
    const { port } = await aServer(() => undefined);
    const server = servers.pop();
    server?.close();

    expect(await execute({ url: `http://127.0.0.1:${port}/` })).toEqual({
      ok: false,
      error: { name: "CONNECTION_FAILED", message: expect.stringContaining("ECONNREFUSED") },
    });
  });
});

describe("HttpExecutor: stopping", () => {
  it.each([
    ["never answers", () => undefined],
    [
      "sends hints for ever",
      (_: Seen, response: ServerResponse) => response.writeEarlyHints({ link: "</a>; rel=preload" }),
    ],
    ["sends a byte and no more", (_: Seen, response: ServerResponse) => void response.write("x")],
  ])("closes the connection to a server that %s", async (_, answer: Answer) => {
    const io = new RecordedIo();
    const asked = Promise.withResolvers<ServerResponse>();
    const { port } = await aServer((request, response) => {
      answer(request, response);
      asked.resolve(response);
    });
    const running = execute({ url: `http://127.0.0.1:${port}/` }, { io });
    const response = await asked.promise;
    const closed = once(response, "close");

    io.stop("timeout", 60_000);

    expect(await running).toEqual({
      ok: false,
      error: { name: "TIMEOUT", message: "Stopped: the attempt took longer than its timeout" },
      stop: {
        reason: "timeout",
        confirmed: true,
        evidence: "Connection closed; what the receiver has begun it may still do",
      },
    });
    await closed;
  });

  it("does not wait for a resolver", async () => {
    const io = new RecordedIo();
    const resolve = (): Promise<never> => {
      io.stop("cancel", 0);
      return new Promise(() => undefined);
    };

    expect(await execute({ url: "https://shop.example.org/" }, { io, resolve })).toMatchObject({
      error: { name: "CANCELLED" },
      stop: { confirmed: true },
    });
  });
});

describe("HttpExecutor: targets", () => {
  it.each(["http://169.254.169.254/", "http://localhost:6379/", "http://[::1]/", "file:///etc/passwd", "nonsense"])(
    "sends nothing to %s",
    async (url) => {
      const { sent, send } = aRecorder();

      expect(await execute({ url }, { send, allow: [] })).toMatchObject({
        ok: false,
        error: { name: "TARGET_NOT_ALLOWED", retryable: false },
      });
      expect(sent).toEqual([]);
    },
  );

  it.each([[["10.0.0.7"]], [["8.8.8.8", "10.0.0.7"]], [["169.254.169.254"]], [["::ffff:127.0.0.1"]], [[]]])(
    "sends nothing to a name that resolves to %j",
    async (addresses) => {
      const { sent, send } = aRecorder();
      const resolve = resolvingTo(...addresses);

      expect(await execute({ url: "https://shop.example.org/" }, { send, resolve })).toMatchObject({
        error: { name: "TARGET_NOT_ALLOWED", message: expect.stringContaining("shop.example.org"), retryable: false },
      });
      expect(sent).toEqual([]);
    },
  );

  it("hands on the addresses that were checked, and resolves once", async () => {
    const { sent, send } = aRecorder();
    const answers = [["8.8.8.8", "2606:4700::1111"], ["127.0.0.1"]];
    const resolve = (): Promise<string[]> => Promise.resolve(answers.shift() ?? []);

    expect(await execute({ url: "https://shop.example.org/" }, { send, resolve })).toMatchObject({ ok: true });
    expect(sent.map(({ route }) => route.addresses)).toEqual([["8.8.8.8", "2606:4700::1111"]]);
    expect(answers).toHaveLength(1);
  });

  it("connects to the checked address, whatever the system's resolver says", async () => {
    const { port, seen } = await aServer((_, response) => response.end());
    const host = `no-such-name.example:${port}`;
    const resolve = resolvingTo("127.0.0.1");

    expect(await execute({ url: `http://${host}/` }, { resolve, allow: [host] })).toMatchObject({ ok: true });
    expect(seen[0]?.headers.host).toBe(host);
  });

  it("allows a target for the namespaces that it is allowed for only", async () => {
    const { port } = await aServer((_, response) => response.end());
    const url = `http://127.0.0.1:${port}/`;

    expect(await execute({ url }, { allow: [`127.0.0.1:${port}`] })).toMatchObject({ ok: true });
    expect(await execute({ url }, { task: { namespace: "other" } })).toMatchObject({
      error: { name: "TARGET_NOT_ALLOWED" },
    });
  });

  it("says that a name cannot be resolved, and may be tried again", async () => {
    const failure = new Error("ENOTFOUND");

    expect(await execute({ url: "https://shop.example.org/" }, { resolve: () => Promise.reject(failure) })).toEqual({
      ok: false,
      error: { name: "DNS_FAILED", message: "Cannot resolve shop.example.org: ENOTFOUND" },
    });
  });
});

describe("HttpExecutor: redirects", () => {
  const resolve = resolvingTo("8.8.8.8");

  it("are not followed unless the job says so", async () => {
    const { port, seen } = await aServer((_, response) => response.writeHead(302, { location: "/next" }).end());

    expect(await execute({ url: `http://127.0.0.1:${port}/` })).toMatchObject({
      ok: false,
      error: { name: "REDIRECT_NOT_ALLOWED", retryable: false },
    });
    expect(seen).toHaveLength(1);
  });

  it("are followed up to the limit", async () => {
    const { port, seen } = await aServer(({ url = "/" }, response) => {
      response.writeHead(url === "/2" ? 200 : 302, { location: `/${Number(url.slice(1)) + 1}` }).end(url);
    });
    const url = `http://127.0.0.1:${port}/0`;

    expect(await execute({ url, maxRedirects: 2 })).toMatchObject({ ok: true, result: { body: "/2" } });
    expect(await execute({ url, maxRedirects: 1 })).toMatchObject({ error: { name: "REDIRECT_NOT_ALLOWED" } });
    expect(seen.map((request) => request.url)).toEqual(["/0", "/1", "/2", "/0", "/1"]);
  });

  it("that lead in a circle end at the limit", async () => {
    const { sent, send } = sendThrough({ "https://a.example.org/": [302, "/"] });

    expect(await execute({ url: "https://a.example.org/", maxRedirects: 10 }, { send, resolve })).toMatchObject({
      error: { name: "REDIRECT_NOT_ALLOWED" },
    });
    expect(sent).toHaveLength(11);
  });

  it.each([
    "http://169.254.170.2/v2/credentials",
    "http://127.0.0.1:9001/",
    "http://2852039166/",
    "//[::1]/",
    "https://user:pass@b.example.org/",
    "file:///etc/passwd",
    "https://b.example.org:25/",
    "http://b.example.org/",
    "http://",
  ])("to %s are refused", async (location) => {
    const { sent, send } = sendThrough({ "https://a.example.org/": [302, location] });

    expect(
      await execute({ url: "https://a.example.org/", maxRedirects: 5 }, { send, resolve, allow: [] }),
    ).toMatchObject({ ok: false, error: { name: "REDIRECT_NOT_ALLOWED", retryable: false } });
    expect(sent).toHaveLength(1);
  });

  it("to a name that resolves to a private address are refused", async () => {
    const { sent, send } = sendThrough({ "https://a.example.org/": [307, "https://b.example.org/"] });
    const answers = [["8.8.8.8"], ["10.0.0.1"]];
    const oneByOne = (): Promise<string[]> => Promise.resolve(answers.shift() ?? []);

    expect(
      await execute({ url: "https://a.example.org/", maxRedirects: 5 }, { send, resolve: oneByOne }),
    ).toMatchObject({
      error: { name: "TARGET_NOT_ALLOWED" },
    });
    expect(sent).toHaveLength(1);
  });

  it("carry no credentials to another origin, and all headers to the same", async () => {
    const { sent, send } = sendThrough({
      "https://a.example.org/": [307, "/again"],
      "https://a.example.org/again": [307, "https://b.example.org/"],
    });
    const headers = { Authorization: "Bearer secret", Cookie: "a=1", "X-Api-Key": "secret", Accept: "text/csv" };

    await execute({ url: "https://a.example.org/", headers, body: { a: 1 }, maxRedirects: 5 }, { send, resolve });

    expect(sent[1]?.headers).toMatchObject({ authorization: "Bearer secret", "x-api-key": "secret" });
    expect(sent[2]?.headers).toEqual({
      accept: "text/csv",
      "accept-encoding": "gzip, deflate, br",
      "content-type": "application/json",
      "user-agent": "carillon",
    });
    expect(sent[2]).toMatchObject({ method: "POST", body: '{"a":1}' });
  });

  it.each([
    [301, "POST", "GET"],
    [302, "POST", "GET"],
    [302, "PUT", "PUT"],
    [303, "PUT", "GET"],
    [303, "HEAD", "HEAD"],
    [307, "POST", "POST"],
    [308, "DELETE", "DELETE"],
  ] as const)("of status %i turn %s into %s", async (status, method, expected) => {
    const { sent, send } = sendThrough({ "https://a.example.org/": [status, "/next"] });

    await execute({ url: "https://a.example.org/", method, body: "text", maxRedirects: 1 }, { send, resolve });

    expect(sent[1]?.method).toBe(expected);
    expect(sent[1]?.body).toBe(expected === "GET" ? undefined : "text");
    expect(sent[1]?.headers["content-type"]).toBe(expected === "GET" ? undefined : "text/plain; charset=utf-8");
  });
});

describe("HttpExecutor: TLS", () => {
  it("refuses a certificate that nobody vouches for", async () => {
    const { port, seen } = await aServer(
      (_, response) => response.end(),
      createTlsServer({ key: KEY, cert: CERTIFICATE }),
    );

    expect(await execute({ url: `https://127.0.0.1:${port}/` })).toMatchObject({
      ok: false,
      error: { name: "TLS_FAILED", message: expect.stringContaining("self-signed") },
    });
    expect(seen).toEqual([]);
  });

  it("refuses a server that does not speak TLS", async () => {
    const { port } = await aServer((_, response) => response.end());

    expect(await execute({ url: `https://127.0.0.1:${port}/` })).toMatchObject({ error: { name: "TLS_FAILED" } });
  });
});

/** Made for this test and used nowhere else: CN=localhost, valid for a hundred years. */
const KEY = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgByXsTnqhdr01EwqK
PbhZ30njjVk+Lt2oMZjlOlGGmqmhRANCAATgQ+Wf6ef2LGsbjE3YZEOqAfR8oZJo
qswuF+6g4g1+7IZGDqBs2p04pkY90V6mwLc0Pld7qKzXJ8oZpsAT93Uf
-----END PRIVATE KEY-----`;
const CERTIFICATE = `-----BEGIN CERTIFICATE-----
MIIBlTCCATugAwIBAgIUJX3TMsgajjRayI6JDXIRV/BgPMYwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyMjEyNTQxOVoYDzIxMjYxMDI5
MTI1NDE5WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAATgQ+Wf6ef2LGsbjE3YZEOqAfR8oZJoqswuF+6g4g1+7IZGDqBs2p04
pkY90V6mwLc0Pld7qKzXJ8oZpsAT93Ufo2kwZzAdBgNVHQ4EFgQU6fNJTJKwmy0X
c13GOknsJSH9tHAwHwYDVR0jBBgwFoAU6fNJTJKwmy0Xc13GOknsJSH9tHAwDwYD
VR0TAQH/BAUwAwEB/zAUBgNVHREEDTALgglsb2NhbGhvc3QwCgYIKoZIzj0EAwID
SAAwRQIgXWnW8StscbcYCLrq0GtlZpBNn+byQj82mlO4F+xj/NcCIQCgsR5Qm/Ml
RWVN5hy/EvB1ALHNZ3zHxPGYsfMqo8wdxQ==
-----END CERTIFICATE-----`;
