import { describe, expect, it } from "vitest";
import type { APIGatewayProxyStructuredResultV2 } from "aws-lambda";
import type { Principal } from "../../api/access/principal.ts";
import { ROUTES } from "../../api/contract/routes.ts";
import type { Route } from "../../api/contract/route.ts";
import { COLLECTED } from "../../api/routes/follow-log.ts";
import { apiHandler } from "../../functions/api/api.ts";
import { PUBLIC_PATHS } from "../../functions/api/environment.ts";
import { authenticatedByGateway, gatewayAddress } from "../../functions/api/gateway.ts";
import { ApiRig, REPORT, START_MS } from "../api/api-rig.ts";
import { type GatewayRequest, gatewayEvent, lambdaContext } from "./lambda.ts";

const ADMIN: Principal = { id: "root", name: "root", role: "admin", createdAtMs: START_MS };
const JOBS = "/v1/namespaces/default/jobs";

/** The API as its function serves it, over stores in memory. */
async function openApi() {
  const clock = { nowMs: () => rig.clock.nowMs() };
  const rig: ApiRig = await ApiRig.open(
    {},
    { authenticate: authenticatedByGateway(clock), clientAddress: gatewayAddress, following: COLLECTED },
  );
  const handler = apiHandler(rig.app);
  const send = (method: string, path: string, request: GatewayRequest = { principal: ADMIN }) =>
    handler(gatewayEvent(method, path, request), lambdaContext());
  return { rig, handler, send };
}

function json(body: unknown): GatewayRequest {
  const headers = { "content-type": "application/json" };
  return { principal: ADMIN, headers, body: JSON.stringify(body) };
}

/** The fields of answers that tests look at. */
interface Body {
  readonly id: string;
  readonly name: string;
  readonly definition: object;
  readonly items: readonly unknown[];
  readonly openapi: string;
  readonly type: string;
  readonly instance: string;
}

function bodyOf({ body = "" }: APIGatewayProxyStructuredResultV2): Body {
  return JSON.parse(body) as Body;
}

function slugOf(result: APIGatewayProxyStructuredResultV2): string {
  return bodyOf(result).type.replace("urn:carillon:problem:", "");
}

describe("the api function", () => {
  it("carries a request to its route and the answer back", async () => {
    const { rig, send } = await openApi();

    const defined = await send("PUT", `${JOBS}/report`, json(REPORT));
    const triggered = await send("POST", `${JOBS}/report/runs`, json({}));
    const { id } = bodyOf(triggered);
    const read = await send("GET", `/v1/runs/${encodeURIComponent(id)}`);
    const page = await send("GET", JOBS, { principal: ADMIN, query: "limit=1" });

    expect(defined).toMatchObject({ statusCode: 201, isBase64Encoded: false });
    expect(defined.headers).toMatchObject({ etag: '"1"', "content-type": "application/json" });
    expect(bodyOf(defined).name).toBe("report");
    expect([triggered.statusCode, bodyOf(read).id]).toEqual([201, id]);
    expect(bodyOf(page).items).toHaveLength(1);
    expect(rig.events).toContainEqual(expect.objectContaining({ event: "request", ip: "203.0.113.7", status: 201 }));
  });

  it("finds a run also where the path comes decoded", async () => {
    const { send } = await openApi();
    await send("PUT", `${JOBS}/report`, json(REPORT));
    const { id } = bodyOf(await send("POST", `${JOBS}/report/runs`, json({})));

    expect((await send("GET", `/v1/runs/${id}`)).statusCode).toBe(200);
    expect(slugOf(await send("GET", "/v1/runs/50%?#x"))).toBe("invalid-id");
  });

  it("reads bodies that come as base64, byte for byte", async () => {
    const { send } = await openApi();
    const definition = { ...REPORT, description: "Größe: 5 µm ✓" };
    const body = Buffer.from(JSON.stringify(definition)).toString("base64");

    const defined = await send("PUT", `${JOBS}/report`, { ...json({}), body, isBase64Encoded: true });
    const broken = await send("PUT", `${JOBS}/report`, { ...json({}), body: "%%%", isBase64Encoded: true });

    expect(bodyOf(defined).definition).toMatchObject({ description: definition.description });
    expect([broken.statusCode, slugOf(broken)]).toEqual([400, "json-syntax"]);
    expect(bodyOf(broken).instance).toBe("JKJaXmPLvHcESHA=");
  });

  it("answers HEAD with the headers of GET and no body", async () => {
    const { send } = await openApi();
    await send("PUT", `${JOBS}/report`, json(REPORT));

    const head = await send("HEAD", `${JOBS}/report`);

    expect(head).toMatchObject({ statusCode: 200, body: "", headers: { etag: '"1"' } });
  });

  it.each([
    ["GET", "/v1/nothing", {}, 404, "not-found"],
    ["GET", "/metrics/x", {}, 404, "not-found"],
    ["PATCH", JOBS, {}, 405, "method-not-allowed"],
    ["TRACE", JOBS, {}, 405, "method-not-allowed"],
    ["GET", JOBS, { query: "limit=x" }, 422, "query-invalid"],
    ["GET", JOBS, { headers: { "x-note": "日本" } }, 400, "header-invalid"],
    ["GET", JOBS, { query: "a".repeat(8_192) }, 414, "uri-too-long"],
    ["POST", `${JOBS}/report/runs`, { headers: { "content-type": "application/json" }, body: "{" }, 400, "json-syntax"],
    [
      "POST",
      `${JOBS}/report/runs`,
      { headers: { "content-type": "application/json" }, body: `"${"a".repeat(300_000)}"` },
      413,
      "body-too-large",
    ],
  ])("refuses %s %s %j", async (method, path, request, status, slug) => {
    const { send } = await openApi();

    const result = await send(method, path, { principal: ADMIN, ...request });

    expect([result.statusCode, slugOf(result)]).toEqual([status, slug]);
    expect(result.headers?.["content-type"]).toBe("application/problem+json");
  });

  it("serves the OpenAPI document, and its health, to anybody", async () => {
    const { send } = await openApi();

    const document = await send("GET", "/v1/openapi.json", {});
    const alive = await send("GET", "/healthz", {});

    expect(bodyOf(document).openapi).toBe("3.1.0");
    expect(alive.statusCode).toBe(200);
  });

  it.each([
    null,
    {},
    { version: "1.0", httpMethod: "GET", path: "/", requestContext: {} },
    { version: "2.0", requestContext: {} },
    { Records: [] },
  ])("fails on an event of another kind: %j", async (event) => {
    const { handler } = await openApi();

    await expect(handler(event as never, lambdaContext())).rejects.toThrow(
      "Cannot serve the event: it must be a request of an HTTP API, payload version 2.0",
    );
  });

  it("answers the same request twice as if it came over two lines", async () => {
    const { handler } = await openApi();
    const request = json({});
    await handler(gatewayEvent("PUT", `${JOBS}/report`, json(REPORT)), lambdaContext());
    const event = gatewayEvent("POST", `${JOBS}/report/runs`, {
      ...request,
      headers: { ...request.headers, "idempotency-key": "k-1" },
    });

    const [first, second] = [await handler(event, lambdaContext()), await handler(event, lambdaContext())];

    expect(bodyOf(second).id).toBe(bodyOf(first).id);
  });
});

describe("who makes a request", () => {
  it("is told by the authorizer, never by the header", async () => {
    const { rig, send } = await openApi();
    const headers = { authorization: `Bearer ${rig.admin}` };
    const viewer: Principal = {
      id: "v1",
      name: "vera",
      role: "viewer",
      namespaces: ["default"],
      createdAtMs: START_MS,
    };

    const refused = await send("GET", "/v1/whoami", { headers });
    const known = await send("GET", "/v1/whoami", { headers, principal: viewer });

    expect([refused.statusCode, slugOf(refused)]).toEqual([401, "unauthenticated"]);
    expect(bodyOf(known)).toMatchObject({ id: "v1", name: "vera", role: "viewer", namespaces: ["default"] });
    expect((await send("PUT", `${JOBS}/report`, { ...json(REPORT), principal: viewer })).statusCode).toBe(403);
  });

  it("may have lost the token's validity since the authorizer was asked", async () => {
    const { rig, send } = await openApi();
    const principal: Principal = { ...ADMIN, expiresAtMs: START_MS + 1_000 };

    const before = await send("GET", "/v1/whoami", { principal });
    await rig.clock.advance(1_000);
    const after = await send("GET", "/v1/whoami", { principal });

    expect(before.statusCode).toBe(200);
    expect([after.statusCode, slugOf(after)]).toEqual([401, "token-invalid"]);
  });

  it("does not matter on exactly the routes that API Gateway leaves open", () => {
    const open = Object.values<Route>(ROUTES).filter(({ role }) => role === "public");

    expect(open.map(({ path }) => path).toSorted()).toEqual([...PUBLIC_PATHS].toSorted());
  });
});

describe("a log that is followed through API Gateway", () => {
  it("comes in pieces, each of which says where to go on", async () => {
    const { rig, send } = await openApi();
    await send("PUT", `${JOBS}/report`, json(REPORT));
    const { id } = bodyOf(await send("POST", `${JOBS}/report/runs`, json({})));
    const path = `/v1/runs/${id}/logs`;

    const waiting = send("GET", path, { principal: ADMIN, query: "follow=true" });
    for (let i = 0; i < 4; i += 1) await rig.clock.advance(1_000);
    const piece = await waiting;
    await send("POST", `/v1/runs/${id}/cancel`, json({}));
    const cursor = /^id: (.*)$/m.exec(piece.body ?? "")?.[1] ?? "";
    const last = await send("GET", path, {
      principal: ADMIN,
      query: "follow=true",
      headers: { "last-event-id": cursor },
    });

    expect(piece).toMatchObject({ statusCode: 200, isBase64Encoded: false });
    expect(piece.headers?.["content-type"]).toBe("text/event-stream");
    expect(piece.body).toMatch(/^event: again\nid: .+\ndata: \{\}\n\n$/);
    expect(last.body).toMatch(/^event: end\n/);
  });
});
