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
  const nowMs = core.clock.nowMs();
  if ((await new TokenStore(core.table).list()).some((token) => isAdmin(token, nowMs))) return undefined;
  return addAdmin(core, FIRST_ADMIN, "first-admin");
}

/** Creates one more admin token, to be shown once; for whoever owns the store, and has none or has lost the others. */
export async function newAdmin(core: Pick<Core, "table" | "clock" | "ids">, name: string): Promise<string> {
  const token = await addAdmin(core, core.ids.short(), name);
  if (token === undefined) throw new Error("Cannot create an admin token: its id is taken");
  return token;
}

async function addAdmin(core: Pick<Core, "table" | "clock">, id: string, name: string): Promise<string | undefined> {
  const secret = newSecret();
  const createdAtMs = Math.floor(core.clock.nowMs());
  const isAdded = await new TokenStore(core.table).add({ id, name, role: "admin", hash: hashOf(secret), createdAtMs });
  return isAdded ? formatToken({ id, secret }) : undefined;
}

function isAdmin({ role, namespaces, expiresAtMs = Infinity }: TokenRecord, nowMs: number): boolean {
  return role === "admin" && namespaces === undefined && expiresAtMs > nowMs;
}
