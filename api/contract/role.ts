import { z } from "zod";

/**
 * What a token may do; each role may do all that those before it may.
 *
 * `viewer` reads · `operator` triggers, cancels, pauses, resumes, backfills, re-runs and drains · `editor` defines and
 * deletes jobs and calendars · `admin` manages tokens.
 */
export const ROLES = ["viewer", "operator", "editor", "admin"] as const;
export type Role = (typeof ROLES)[number];
export const roleSchema = z.enum(ROLES).meta({ id: "Role" });

/** Whether a role may do what another one is needed for. */
export function includesRole(held: Role, needed: Role): boolean {
  return ROLES.indexOf(held) >= ROLES.indexOf(needed);
}
