import type { Core } from "../../core/services/core.ts";
import { type TokenRecord, TokenStore } from "../../core/store/token-store.ts";
import { hashOf, newSecret } from "./secret.ts";
import { formatToken } from "./token-text.ts";

/** One id for it, so that of several servers that start at once only one creates it. */
const FIRST_ADMIN = "admin";

/**
 * Creates the first admin token when there is none that could create others.
 *
 * @returns the token, to be shown once; `undefined` when there is an admin token already
 */
export async function ensureFirstAdmin(core: Pick<Core, "table" | "clock">): Promise<string | undefined> {
  const tokens = new TokenStore(core.table);
  const nowMs = core.clock.nowMs();
  if ((await tokens.list()).some((token) => isAdmin(token, nowMs))) return undefined;
  const secret = newSecret();
  const isAdded = await tokens.add({
    id: FIRST_ADMIN,
    name: "first-admin",
    role: "admin",
    hash: hashOf(secret),
    createdAtMs: Math.floor(nowMs),
  });
  return isAdded ? formatToken({ id: FIRST_ADMIN, secret }) : undefined;
}

function isAdmin({ role, namespaces, expiresAtMs = Infinity }: TokenRecord, nowMs: number): boolean {
  return role === "admin" && namespaces === undefined && expiresAtMs > nowMs;
}
