import type { TokenRecord } from "../../core/store/token-store.ts";

/** Who makes a request: the token it came with. */
export type Principal = Omit<TokenRecord, "hash">;

/** Whoever calls a route that needs no token: sees nothing. */
export const ANYBODY: Principal = { id: "", name: "anybody", role: "viewer", namespaces: [], createdAtMs: 0 };

export function canSee(principal: Principal, namespace: string): boolean {
  return principal.namespaces === undefined || principal.namespaces.includes(namespace);
}
