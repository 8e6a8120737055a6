import { Hono } from "hono";
import type { Context } from "hono";
import { Pacer } from "../core/services/pace.ts";
import { AuditStore } from "../core/store/audit-store.ts";
import { TokenStore } from "../core/store/token-store.ts";
import { Authenticator } from "./access/authenticator.ts";
import { RateGate, rateHeaders } from "./access/rate-gate.ts";
import type { ApiDeps, Authenticate } from "./api-deps.ts";
import { PROBLEM_MEDIA_TYPE, problem, ProblemError } from "./contract/problem.ts";
import { quoteValue } from "./contract/quote.ts";
import type { Route } from "./contract/route.ts";
import { type Operation, ROUTES } from "./contract/routes.ts";
import { checkSize } from "./request/check-request.ts";
import { toProblem } from "./request/to-problem.ts";
import { errorText } from "./routes/error-text.ts";
import { STREAMED } from "./routes/follow-log.ts";
import type { ApiContext } from "./routes/handler.ts";
import { HANDLERS } from "./routes/handlers.ts";
import type { RequestInfo } from "./routes/request-info.ts";
import { serve } from "./routes/serve.ts";
import { StoreProbe } from "./routes/store-probe.ts";

export type { ApiDeps, ApiEvent, Authenticate } from "./api-deps.ts";

/** What each request carries through the app. */
interface ApiEnv {
  Variables: { info: RequestInfo };
}

const REQUEST_ID = "Carillon-Request-Id";

/** The HTTP API over a core: routes, access, limits and audit. It opens no socket and keeps no state but caches. */
export function createApi(deps: ApiDeps): Hono<ApiEnv> {
  const { core, access = {} } = deps;
  const tokens = new TokenStore(core.table);
  const authenticator = new Authenticator(tokens, core.clock, { cacheMs: access.tokenCacheMs });
  const byToken: Authenticate = (request) => authenticator.authenticate(request.headers.get("authorization"));
  const audit = new AuditStore(core.table);
  const context: ApiContext = {
    ...deps,
    access,
    authenticate: deps.authenticate ?? byToken,
    following: deps.following ?? STREAMED,
    pacer: deps.pacer ?? new Pacer(core),
    tokens,
    authenticator,
    audit,
    followers: { count: 0 },
    probe: new StoreProbe(core),
  };
  const gate = new RateGate(core.clock, access);
  const app = new Hono<ApiEnv>();

  app.use(async (c, next) => {
    const info = startRequest(deps, c);
    c.set("info", info);
    await next();
    finishRequest(deps, c, info);
  });
  app.use(async (c, next) => {
    checkSize(c.req.raw);
    await next();
  });
  for (const operation of Object.keys(ROUTES) as Operation[]) {
    const route: Route = ROUTES[operation];
    const served = { operation, route, handler: HANDLERS[operation] };
    app.on(route.method.toUpperCase(), route.path, (c) => serve(context, served, { info: c.get("info"), gate, c }));
  }
  for (const [path, allow] of allowedMethods()) {
    app.all(path, (c) => {
      const detail = `Method ${quoteValue(c.req.method)} is not allowed here; allowed: ${allow}`;
      throw new ProblemError(problem("method-not-allowed", detail), { headers: { Allow: allow } });
    });
  }
  app.notFound((c) => {
    const { info } = c.var;
    return refuse(
      info,
      new ProblemError(problem("not-found", `Cannot find route ${c.req.method} ${quoteValue(c.req.path)}`)),
    );
  });
  app.onError((error, c) => {
    const { info } = c.var;
    const refusal = toProblem(error);
    if (refusal.problem.status >= 500)
      deps.logger({ event: "failure", requestId: info.requestId, error: errorText(error) });
    return refuse(info, refusal);
  });
  return app;
}

function startRequest({ core, clientAddress }: ApiDeps, c: Context): RequestInfo {
  return { requestId: core.ids.short(), startedAtMs: core.clock.monotonicMs(), ip: clientAddress?.(c) };
}

function finishRequest({ core, logger }: ApiDeps, c: Context, info: RequestInfo): void {
  const { requestId, operation, tokenId, ip, problem, rate } = info;
  const { headers, status } = c.res;
  headers.set(REQUEST_ID, requestId);
  headers.set("X-Content-Type-Options", "nosniff");
  if (!headers.has("Cache-Control")) headers.set("Cache-Control", "no-store");
  if (rate !== undefined && !headers.has("RateLimit")) {
    for (const [name, value] of Object.entries(rateHeaders(rate))) headers.set(name, value);
  }
  const durationMs = core.clock.monotonicMs() - info.startedAtMs;
  core.metrics.count("http_requests", {
    operation: operation ?? "none",
    status: `${Math.floor(status / 100)}xx`,
  });
  core.metrics.observe("http_request_duration_ms", durationMs, { operation: operation ?? "none" });
  logger({
    event: "request",
    requestId,
    method: c.req.method,
    path: c.req.path,
    status,
    durationMs,
    ...(operation === undefined ? {} : { operation }),
    ...(tokenId === undefined ? {} : { tokenId }),
    ...(ip === undefined ? {} : { ip }),
    ...(problem === undefined ? {} : { problem }),
  });
}

function refuse(info: RequestInfo, { problem, code, headers }: ProblemError): Response {
  info.problem = code;
  const body = JSON.stringify({ ...problem, instance: info.requestId });
  return new Response(body, { status: problem.status, headers: { ...headers, "Content-Type": PROBLEM_MEDIA_TYPE } });
}

/** The methods of each path, as `Allow` lists them. */
function allowedMethods(): ReadonlyMap<string, string> {
  const methods = new Map<string, string[]>();
  for (const { path, method } of Object.values<Route>(ROUTES)) {
    const list = methods.get(path) ?? [];
    list.push(method.toUpperCase(), ...(method === "get" ? ["HEAD"] : []));
    methods.set(path, list);
  }
  return new Map([...methods].map(([path, list]) => [path, list.join(", ")]));
}
