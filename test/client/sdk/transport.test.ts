import { createServer, type AddressInfo } from "node:net";
import { describe, expect, it } from "vitest";
import { ApiError, ConnectionError } from "../../../client/sdk/api-error.ts";
import { CarillonClient } from "../../../client/sdk/client.ts";
import { Transport } from "../../../client/sdk/transport.ts";
import { hangUp, json, page, refusal, startFakeServer } from "./fake-server.ts";

const KEY = { namespace: "default", job: "report" };

async function failureOf(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => expect.fail("it did not fail"),
    (error: unknown) => error,
  );
}

/** An address that nobody listens on any more. */
async function closedAddress(): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return `http://127.0.0.1:${port}`;
}

describe("Transport", () => {
  it("sends token, path and body as the routes have them", async () => {
    const { client, seen } = await startFakeServer(json(200, { id: "run-1" }));

    await client.jobs.trigger(KEY, { parameters: { shop: "berlin" } }, { idempotencyKey: "k-1" });

    expect(seen).toMatchObject([
      {
        method: "POST",
        url: "/v1/namespaces/default/jobs/report/runs",
        headers: { authorization: "Bearer t-1", "content-type": "application/json", "idempotency-key": "k-1" },
        body: '{"parameters":{"shop":"berlin"}}',
      },
    ]);
  });

  it("keeps a path in the server's address in front of the routes", async () => {
    const { url, seen } = await startFakeServer(json(200, { status: "ok" }));

    await new CarillonClient({ url: `${url}/carillon/` }).health();

    expect(seen[0]?.url).toBe("/carillon/healthz");
    expect(seen[0]?.headers.authorization).toBeUndefined();
  });

  it.each(["", "localhost:4680", "ftp://host", "http://user:secret@host", "http://host?x=1"])(
    "refuses %j as the server's address",
    (url) => {
      expect(() => new Transport({ url })).toThrow(TypeError);
    },
  );

  it("throws a refusal with its problem document", async () => {
    const { client } = await startFakeServer(refusal("not-found"));

    const error = await failureOf(client.jobs.get(KEY));

    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({
      status: 404,
      code: "not-found",
      message: "Cannot do it: not-found",
      isFromServer: true,
    });
    expect((error as ApiError).problem.instance).toBe("req-1");
  });

  it("names the status of an answer that has no problem document", async () => {
    const { client } = await startFakeServer(page(403));

    const error = await failureOf(client.whoami());

    expect(error).toMatchObject({
      status: 403,
      code: "forbidden",
      isFromServer: false,
      message: "Cannot GET /v1/whoami: the answer is 403 without a problem document",
    });
  });

  it.each([
    [401, "Unauthorized", { status: 401, code: "unauthenticated" }],
    [403, "Forbidden", { status: 401, code: "token-invalid" }],
    [429, "Too Many Requests", { status: 429, code: "rate-limited" }],
  ])("knows what an API Gateway means with %i %s", async (status, message, expected) => {
    const { client } = await startFakeServer(json(status, { message }, { "apigw-requestid": "gw-1" }));

    const error = await failureOf(client.tokens.create({ name: "ci", role: "viewer" }));

    expect(error).toMatchObject({ ...expected, isFromServer: true, problem: { instance: "gw-1" } });
  });

  it.each([
    [403, { message: "No" }],
    [503, { message: "Service Unavailable" }],
    [403, "Forbidden"],
    [401, null],
  ])("takes %i %j for the answer of something in between", async (status, body) => {
    const { client } = await startFakeServer(json(status, body));

    const error = await failureOf(client.tokens.create({ name: "ci", role: "viewer" }));

    expect(error).toMatchObject({ status, isFromServer: false });
  });

  it("does not follow redirects, which would carry the token elsewhere", async () => {
    const { client, seen } = await startFakeServer(page(302, { location: "/elsewhere" }), json(200, {}));

    expect(await failureOf(client.whoami())).toMatchObject({ status: 302 });
    expect(seen).toHaveLength(1);
  });

  it("waits as long as a 503 or 429 asks before it sends the request again", async () => {
    const { client, slept } = await startFakeServer(
      refusal("unavailable", { "retry-after": "2" }),
      refusal("rate-limited", { "retry-after": "3" }),
      json(200, { name: "ana" }),
    );

    expect(await client.whoami()).toEqual({ name: "ana" });
    expect(slept).toEqual([2_000, 3_000]);
  });

  it("sends a change again after the server's own 429, as nothing has happened", async () => {
    const { client, seen } = await startFakeServer(refusal("rate-limited"), json(201, { name: "token" }));

    await client.tokens.create({ name: "ci", role: "viewer" });

    expect(seen).toHaveLength(2);
  });

  it("does not send a change again after a 503, which may leave the outcome open", async () => {
    const { client, seen } = await startFakeServer(refusal("unavailable", { "retry-after": "1" }));

    expect(await failureOf(client.tokens.create({ name: "ci", role: "viewer" }))).toMatchObject({ status: 503 });
    expect(seen).toHaveLength(1);
  });

  it("reads again after a broken connection", async () => {
    const { client, seen } = await startFakeServer(hangUp, hangUp, json(200, { name: "ana" }));

    expect(await client.whoami()).toEqual({ name: "ana" });
    expect(seen).toHaveLength(3);
  });

  it("triggers again after a broken connection, with the same idempotency key", async () => {
    const { client, seen } = await startFakeServer(hangUp, json(201, { id: "run-1" }));

    await client.jobs.trigger(KEY);

    const keys = seen.map(({ headers }) => headers["idempotency-key"]);
    expect(keys[0]).toMatch(/^[0-9a-f-]{36}$/);
    expect(keys).toEqual([keys[0], keys[0]]);
  });

  it("does not delete again after a broken connection", async () => {
    const { client, seen } = await startFakeServer(hangUp);

    expect(await failureOf(client.jobs.delete(KEY))).toBeInstanceOf(ConnectionError);
    expect(seen).toHaveLength(1);
  });

  it("gives up after four attempts", async () => {
    const { client, seen, slept } = await startFakeServer(refusal("unavailable"));

    expect(await failureOf(client.whoami())).toMatchObject({ code: "unavailable" });
    expect(seen).toHaveLength(4);
    expect(slept).toHaveLength(3);
  });

  it("does not wait for a server that asks for more patience than allowed", async () => {
    const { client, seen } = await startFakeServer(refusal("rate-limited", { "retry-after": "3600" }));

    expect(await failureOf(client.whoami())).toMatchObject({ code: "rate-limited", retryAfterMs: 3_600_000 });
    expect(seen).toHaveLength(1);
  });

  it("ends an attempt whose answer does not come in time", async () => {
    const { url } = await startFakeServer(() => undefined);
    const client = new CarillonClient({ url, timeoutMs: 50, retry: { maxAttempts: 1 } });

    const error = await failureOf(client.whoami());

    expect(error).toBeInstanceOf(ConnectionError);
    expect(error).toMatchObject({ reason: "timeout", message: expect.stringContaining("within 50 ms") as string });
  });

  it("says why a server can't be reached", async () => {
    const url = await closedAddress();
    const client = new CarillonClient({ url, retry: { maxAttempts: 1 } });

    expect(await failureOf(client.whoami())).toMatchObject({
      reason: "unreachable",
      message: `Cannot reach ${url}: connection refused; is the server running?`,
    });
  });

  it("asks whether it is a Carillon server that answers something other than JSON", async () => {
    const { client, seen } = await startFakeServer(page(200));

    expect(await failureOf(client.whoami())).toMatchObject({ reason: "malformed" });
    expect(seen).toHaveLength(1);
  });

  it("ends with the caller's own reason when the caller gives up", async () => {
    const { client } = await startFakeServer(() => undefined);
    const reason = new Error("changed my mind");

    const listing = client.jobs.list("default", { signal: AbortSignal.abort(reason) }).next();

    expect(await failureOf(listing)).toBe(reason);
  });
});
