import type { z } from "zod";
import { quoteValue } from "./quote.ts";

/** Schemas in this project begin their messages with "must"; zod's own do not. */
export function hasOwnMessage(issue: z.core.$ZodIssue): boolean {
  return issue.message.startsWith("must ");
}

/** A rule may end with the value, at any length and unescaped: that part is left to `quoteValue`. */
export function ruleOf(message: string): string {
  return message.replace(/; got .*$/s, "");
}

export function subject(path: readonly PropertyKey[]): string {
  return path.length === 0 ? "The value" : `Field ${fieldName(path)}`;
}

/** `["schedule", "dates", 2]` → `"schedule.dates[2]"`, quoted and escaped. */
export function fieldName(path: readonly PropertyKey[]): string {
  const dotted = path.map((key) => (typeof key === "number" ? `[${key}]` : `.${String(key)}`)).join("");
  return path.length === 0 ? "the value" : quoteValue(dotted.replace(/^\./, ""));
}
