import { CarillonError } from "../../core/errors.ts";
import { durationMs } from "../../core/job/duration.ts";
import { type AuditEntry, PLATFORM_AUDIT } from "../../core/store/audit-store.ts";
import { keys } from "../../core/store/keys.ts";
import type { TokenRecord } from "../../core/store/token-store.ts";
import { canSee } from "../access/principal.ts";
import { hashOf, newSecret } from "../access/secret.ts";
import { formatToken } from "../access/token-text.ts";
import type { accessRoutes } from "../contract/access-routes.ts";
import { problem, ProblemError } from "../contract/problem.ts";
import { presentAudit } from "../present/present-audit.ts";
import { presentToken } from "../present/present-token.ts";
import { type PageQuery, pageOf } from "../request/page-of.ts";
import type { ApiContext, HandlersOf } from "./handler.ts";

/** Tokens that may be kept at a time. */
export const MAX_TOKENS = 1_000;

export const accessHandlers: HandlersOf<typeof accessRoutes> = {
  async listNamespaces({ query, principal }, { core }) {
    const body = await pageOf(core.table, keys.namespaces, query, {
      present: ({ key }) => (canSee(principal, key.sk) ? { name: key.sk } : undefined),
    });
    return { status: 200, body };
  },

  async createToken({ body: { name, role, namespaces, expiresIn } }, { core, tokens }) {
    if ((await tokens.list()).length >= MAX_TOKENS) {
      throw new ProblemError(problem("quota-exceeded", `Cannot create a token: there are ${MAX_TOKENS} of them`));
    }
    const createdAtMs = Math.floor(core.clock.nowMs());
    const secret = newSecret();
    const token: TokenRecord = {
      id: core.ids.short(),
      name,
      role,
      ...(namespaces === undefined ? {} : { namespaces: [...new Set(namespaces)] }),
      hash: hashOf(secret),
      createdAtMs,
      ...(expiresIn === undefined ? {} : { expiresAtMs: createdAtMs + durationMs(expiresIn) }),
    };
    if (!(await tokens.add(token))) throw new Error(`Cannot create token: id "${token.id}" was drawn twice`);
    const path = `tokens/${token.id}`;
    const answer = { ...presentToken(token), token: formatToken({ id: token.id, secret }) };
    return { status: 201, body: answer, headers: { Location: `/v1/${path}` }, subject: path };
  },

  async listTokens({ query }, { core }) {
    const body = await pageOf(core.table, keys.tokens, query, {
      present: (stored) => presentToken(stored.body as TokenRecord),
    });
    return { status: 200, body };
  },

  async revokeToken({ params: { token: id } }, { tokens, authenticator }) {
    if ((await tokens.find(id)) === undefined) throw new CarillonError("not-found", `Cannot find token "${id}"`);
    await tokens.remove(id);
    authenticator.forget(id);
    return { status: 204 };
  },

  async whoami({ principal }) {
    return { status: 200, body: presentToken(principal) };
  },

  async listAudit({ params: { namespace }, query }, context) {
    return { status: 200, body: await listAudit(context, namespace, query) };
  },

  async listPlatformAudit({ query }, context) {
    return { status: 200, body: await listAudit(context, PLATFORM_AUDIT, query) };
  },
};

function listAudit({ core }: ApiContext, namespace: string, query: PageQuery) {
  return pageOf(core.table, keys.auditLog(namespace), query, {
    descending: true,
    present: (stored) => presentAudit(stored.body as AuditEntry),
  });
}
