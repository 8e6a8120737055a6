import type { z } from "zod";
import { type Configuration, configurationSchema } from "./configuration.ts";

/** The user's configuration cannot be used. The message has a line for each fault: field, rule, value. */
export class ConfigurationError extends Error {
  override readonly name = "ConfigurationError";
  readonly faults: readonly string[];

  constructor(faults: readonly string[]) {
    super(["Cannot use carillon.config.ts", ...faults.map((fault) => `  ${fault}`)].join("\n"));
    this.faults = faults;
  }
}

/** @throws {ConfigurationError} with every fault of the configuration */
export function readConfiguration(input: unknown): Configuration {
  const parsed = configurationSchema.safeParse(input);
  if (parsed.success) return parsed.data;
  throw new ConfigurationError(parsed.error.issues.flatMap((issue) => faultsOf(issue, input)));
}

type Issue = z.core.$ZodIssue;

function faultsOf(issue: Issue, input: unknown): string[] {
  if (issue.code === "unrecognized_keys")
    return issue.keys.map((key) => `${fieldAt([...issue.path, key])}: is not a known field`);
  // An object that is nearly one of the choices: its own faults say more than that it is none of them.
  if (issue.code === "invalid_union") {
    const value = valueAt(input, issue.path);
    const nearest = typeof value === "object" && value !== null ? issue.errors.at(-1) : undefined;
    if (nearest !== undefined)
      return nearest.flatMap((inner) => faultsOf({ ...inner, path: [...issue.path, ...inner.path] }, input));
  }
  if (issue.code === "invalid_key")
    return [
      `${fieldAt(issue.path)}: ${issue.issues[0]?.message ?? issue.message}, not ${JSON.stringify(issue.path.at(-1))}`,
    ];
  const value = valueAt(input, issue.path);
  // A rule between fields, broken by the default of one.
  if (value === undefined && issue.code === "custom") return [`${fieldAt(issue.path)}: ${issue.message}`];
  if (value === undefined) return [`${fieldAt(issue.path)}: is required${ruleBehind(issue)}`];
  return [`${fieldAt(issue.path)}: ${ruleOf(issue)}, not ${JSON.stringify(value)}`];
}

function ruleOf(issue: Issue): string {
  return issue.message.startsWith("Invalid input: expected ")
    ? `must be ${withArticle(issue.message.slice("Invalid input: expected ".length).replace(/, received .*/, ""))}`
    : issue.message;
}

function withArticle(noun: string): string {
  return `${/^[aeiou]/.test(noun) ? "an" : "a"} ${noun}`;
}

function ruleBehind(issue: Issue): string {
  return issue.message.startsWith("must be") ? ` and ${issue.message}` : "";
}

function fieldAt(path: readonly PropertyKey[]): string {
  return path.length === 0 ? "(the whole)" : path.map(String).join(".");
}

function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, key) =>
      typeof value === "object" && value !== null ? (value as Record<PropertyKey, unknown>)[key] : undefined,
    input,
  );
}
