import type { Constraint as StoredConstraint } from "../../core/services/constraint.ts";
import type { Constraint } from "../contract/why.ts";
import { iso } from "./iso.ts";

export function presentConstraint({ code, detail, evidence, untilMs }: StoredConstraint): Constraint {
  return {
    code,
    detail,
    evidence: withInstants(evidence) as Constraint["evidence"],
    ...(untilMs === undefined ? {} : { until: iso(untilMs) }),
  };
}

/** Evidence is whatever the core has found: its instants, known by their names, are written as the API writes them. */
function withInstants(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withInstants);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, inner]) => inner !== undefined)
      .map(([key, inner]) =>
        typeof inner === "number" && INSTANT_KEY.test(key)
          ? [key.slice(0, -"Ms".length), iso(inner)]
          : [key, withInstants(inner)],
      ),
  );
}

const INSTANT_KEY = /(?:^at|At|^since)Ms$/;
