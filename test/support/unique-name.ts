import { randomUUID } from "node:crypto";

/** A name that no other test uses, so that tests may share what an adapter cannot make anew for each. */
export function uniqueName(): string {
  return `t-${randomUUID()}`;
}
