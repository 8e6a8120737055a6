import type { Context } from "hono";
import { PLATFORM_AUDIT } from "../../core/store/audit-store.ts";
import { checkAccess } from "../access/check-access.ts";
import { ANYBODY, type Principal } from "../access/principal.ts";
import type { RateGate } from "../access/rate-gate.ts";
import type { Route } from "../contract/route.ts";
import { checkAccept } from "../request/check-request.ts";
import { type FirstRequest, idempotent, type KeptAnswer, readIdempotencyKey } from "../request/idempotent.ts";
import { readBody } from "../request/read-body.ts";
import { readConditions } from "../request/read-conditions.ts";
import { readParams } from "../request/read-params.ts";
import { readQuery } from "../request/read-query.ts";
import { errorText } from "./error-text.ts";
import type { AnyAnswer, AnyCall, AnyHandler, ApiContext } from "./handler.ts";
import { recordChange } from "./record-change.ts";
import type { RequestInfo } from "./request-info.ts";

/**
 * Serves one route: who asks, whether they may, what they ask; then the handler; then the audit trail. The order is a
 * promise: nothing of a request is read before its token is known, and no body before its sender may send one.
 */
export async function serve(
  context: ApiContext,
  { operation, route, handler }: { readonly operation: string; readonly route: Route; readonly handler: AnyHandler },
  { info, gate, c }: { readonly info: RequestInfo; readonly gate: RateGate; readonly c: Context },
): Promise<Response> {
  const { raw: request } = c.req;
  info.operation = operation;
  checkAccept(request, route);
  const principal = await identify(context, route, { info, gate, c });
  const params = c.req.param() as Readonly<Record<string, string>>;
  readParams(params, route.params);
  const namespace = checkAccess(route, principal, params);
  if (namespace !== undefined) gate.admitNamespace(namespace);
  const call: AnyCall = {
    params,
    query: readQuery(new URL(request.url).searchParams, route.query),
    conditions: readConditions(request.headers, route),
    idempotencyKey: route.idempotency === undefined ? undefined : readIdempotencyKey(request.headers),
    body: await readBody(request, route),
    principal,
    request,
    requestId: info.requestId,
  };
  const { answer, isReplay } = await carryOut(context, { operation, route, handler, call, namespace, info });
  if ("raw" in answer) return answer.raw;
  // On a replay too: whoever answered first may have been cut short before it could write the record.
  if (answer.audit !== undefined) await recordChange(context, namespace ?? PLATFORM_AUDIT, answer.audit);
  return respond(answer, isReplay);
}

async function identify(
  { access, authenticate }: ApiContext,
  { role, path }: Route,
  { info, gate, c }: { readonly info: RequestInfo; readonly gate: RateGate; readonly c: Context },
): Promise<Principal> {
  if (role === "public" || (path === "/metrics" && access.openMetrics === true))
    return role === "public" ? ANYBODY : OPERATOR_OF_THE_HOST;
  const principal = await gate.watchRefusals(info.ip, () => authenticate(c.req.raw, c));
  info.tokenId = principal.id;
  info.rate = gate.admitToken(principal.id);
  return principal;
}

/** Whoever reaches a listener whose metrics are open. */
const OPERATOR_OF_THE_HOST: Principal = { id: "", name: "anybody", role: "viewer", createdAtMs: 0 };

interface Work {
  readonly operation: string;
  readonly route: Route;
  readonly handler: AnyHandler;
  readonly call: AnyCall;
  readonly namespace: string | undefined;
  readonly info: RequestInfo;
}

/** An answer with what the audit trail says of it. */
type AuditedAnswer = KeptAnswer | Extract<AnyAnswer, { raw: Response }>;

async function carryOut(
  shared: ApiContext,
  work: Work,
): Promise<{ readonly answer: AuditedAnswer; readonly isReplay: boolean }> {
  const { operation, route, handler, call, namespace = PLATFORM_AUDIT } = work;
  const { idempotencyKey: key, params, body, requestId } = call;
  const { logger } = shared;
  const onPutOff = (error: unknown) => logger({ event: "putOff", requestId, error: errorText(error) });
  const context: ApiContext = { ...shared, core: { ...shared.core, onPutOff } };
  if (route.idempotency !== "answer" || key === undefined) {
    const answer = await handler(call as never, context);
    const atMs = Math.floor(context.core.clock.nowMs());
    return { answer: "raw" in answer ? answer : audited(answer, work, { requestId, atMs }), isReplay: false };
  }
  const identified = { namespace, operation, key, content: [params, body], requestId };
  return idempotent(context.core, identified, async (first) => {
    const answer = await handler(call as never, context);
    if ("raw" in answer) throw new Error(`Cannot keep the answer of ${operation}: it is a response of its own`);
    return audited(answer, work, first);
  });
}

/** @param first - names the record: the same change has the same one, however often it is written */
function audited(
  answer: Exclude<AnyAnswer, { raw: Response }>,
  { route: { action }, call: { principal, request }, info: { ip } }: Work,
  first: FirstRequest,
): KeptAnswer {
  if (action === undefined || answer.changed === false) return answer;
  const subject = answer.subject ?? new URL(request.url).pathname.slice("/v1/".length);
  const who = { by: principal.name, tokenId: principal.id, ...(ip === undefined ? {} : { ip }) };
  return { ...answer, audit: { ...first, action, subject, ...who } };
}

function respond({ status, body, headers = {} }: KeptAnswer, isReplay: boolean): Response {
  const all = { ...headers, ...(isReplay ? { "Idempotency-Replayed": "true" } : {}) };
  return body === undefined
    ? new Response(null, { status, headers: all })
    : Response.json(body, { status, headers: all });
}
