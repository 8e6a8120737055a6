import type { Principal } from "../access/principal.ts";
import type { Token } from "../contract/token.ts";
import { iso } from "./iso.ts";

/** A token without its hash. */
export function presentToken({ id, name, role, namespaces, createdAtMs, expiresAtMs }: Principal): Token {
  return {
    id,
    name,
    role,
    ...(namespaces === undefined ? {} : { namespaces: [...namespaces] }),
    createdAt: iso(createdAtMs),
    ...(expiresAtMs === undefined ? {} : { expiresAt: iso(expiresAtMs) }),
  };
}
