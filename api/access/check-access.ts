import { includesRole, type Role } from "../contract/role.ts";
import { problem, ProblemError } from "../contract/problem.ts";
import type { Route } from "../contract/route.ts";
import { parseRunId } from "../../core/run/run-id.ts";
import { canSee, type Principal } from "./principal.ts";

/**
 * The namespace that a request touches, `undefined` for none in its path. What the token may not see is answered like
 * what does not exist; only then its role counts.
 *
 * @throws {ProblemError} `not-found`, `run-not-found`, `forbidden`
 */
export function checkAccess(
  route: Pick<Route, "role" | "scope">,
  principal: Principal,
  params: Readonly<Record<string, string>>,
): string | undefined {
  const namespace = namespaceOf(route, params);
  if (namespace !== undefined && !canSee(principal, namespace)) throw unseen(route, params);
  if (route.role !== "public") checkRole(principal, route.role);
  if (route.scope === "platform" && principal.namespaces !== undefined) {
    throw new ProblemError(problem("forbidden", "The token must be one for all namespaces"));
  }
  return namespace;
}

export function checkRole(principal: Principal, needed: Role): void {
  if (includesRole(principal.role, needed)) return;
  throw new ProblemError(problem("forbidden", `The token must have role "${needed}"; it has "${principal.role}"`));
}

/** The answer for a namespace that the token may not see, whether there is one or not. */
export function noNamespace(namespace: string): ProblemError {
  return new ProblemError(problem("not-found", `Cannot find namespace "${namespace}"`));
}

function namespaceOf({ scope }: Pick<Route, "scope">, params: Readonly<Record<string, string>>): string | undefined {
  if (scope === "namespace") return params["namespace"];
  return scope === "run" ? parseRunId(params["runId"] ?? "")?.namespace : undefined;
}

function unseen({ scope }: Pick<Route, "scope">, params: Readonly<Record<string, string>>): ProblemError {
  if (scope === "namespace") return noNamespace(params["namespace"] ?? "");
  // The very words in which the core tells of an unknown run.
  return new ProblemError(problem("run-not-found", `Cannot find run "${params["runId"] ?? ""}"`));
}
