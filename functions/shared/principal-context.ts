import type { Principal } from "../../api/access/principal.ts";

/**
 * What the authorizer tells the API of whoever makes a request; API Gateway carries it from one to the other. A JSON text,
 * as lists do not survive in every kind of context.
 */
export interface PrincipalContext {
  readonly principal: string;
}

export function principalContext(principal: Principal): PrincipalContext {
  return { principal: JSON.stringify(principal) };
}

/** The principal in the context of an authorizer; `undefined` when no authorizer of ours has put one there. */
export function findPrincipal(context: Readonly<Record<string, unknown>> | null | undefined): Principal | undefined {
  const text = context?.["principal"];
  // What is there is the authorizer's word: clients can't write it.
  return typeof text === "string" ? (JSON.parse(text) as Principal) : undefined;
}
