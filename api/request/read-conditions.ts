import { problem, ProblemError } from "../contract/problem.ts";
import { quoteValue } from "../contract/quote.ts";
import type { Route } from "../contract/route.ts";

/** What a request says about the state that it expects. */
export interface Conditions {
  /** `any`: it must exist; a number: it must be at that version. */
  readonly ifMatch?: "any" | number;
  /** `*`: it must not exist. */
  readonly ifNoneMatch?: "any" | readonly string[];
}

/**
 * Reads `If-Match` and `If-None-Match`, where the route heeds them. A tag is a version in double quotes.
 *
 * @throws {ProblemError} `header-invalid`
 */
export function readConditions(headers: Headers, { method, conditions = [] }: Route): Conditions {
  const match = conditions.includes("if-match") ? headers.get("if-match") : null;
  const noneMatch = conditions.includes("if-none-match") ? headers.get("if-none-match") : null;
  if (match !== null && noneMatch !== null) {
    throw new ProblemError(problem("header-invalid", "A request must have If-Match or If-None-Match, not both"));
  }
  return {
    ...(match === null ? {} : { ifMatch: readMatch(match) }),
    ...(noneMatch === null ? {} : { ifNoneMatch: readNoneMatch(noneMatch, method) }),
  };
}

/** Whether the reader has this version already. Weak comparison, as for every conditional GET. */
export function hasVersion({ ifNoneMatch }: Conditions, version: number): boolean {
  return ifNoneMatch === "any" || ifNoneMatch?.includes(etagOf(version)) === true;
}

export function etagOf(version: number): string {
  return `"${version}"`;
}

function readMatch(text: string): "any" | number {
  if (text.trim() === "*") return "any";
  const version = /^"(\d{1,8})"$/.exec(text.trim())?.[1];
  if (version !== undefined) return Number(version);
  throw invalid("If-Match", 'one version in double quotes such as "3", or *', text);
}

function readNoneMatch(text: string, method: Route["method"]): "any" | readonly string[] {
  if (text.trim() === "*") return "any";
  if (method !== "get") throw invalid("If-None-Match", "*", text);
  return text.split(",").map((tag) => tag.trim().replace(/^W\//, ""));
}

function invalid(header: string, rule: string, given: string): ProblemError {
  return new ProblemError(problem("header-invalid", `${header} must be ${rule}; got ${quoteValue(given)}`));
}
