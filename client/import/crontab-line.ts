/** One line of a crontab. */
export type CrontabLine =
  | { readonly kind: "blank" }
  | { readonly kind: "comment"; readonly text: string }
  | { readonly kind: "variable"; readonly name: string; readonly value: string }
  | CrontabEntry
  | { readonly kind: "unreadable"; readonly reason: string };

export interface CrontabEntry {
  readonly kind: "entry";
  /** The time fields with single spaces between them, or a macro. */
  readonly schedule: string;
  /** In the system format only. */
  readonly user?: string;
  /** As written, `%` included. */
  readonly command: string;
}

export type CrontabFormat = "system" | "user";

/** Reads a line as crontab(5) describes it; what the schedule says is not looked at. */
export function readCrontabLine(text: string, format: CrontabFormat): CrontabLine {
  const line = text.trimStart();
  if (line.trimEnd() === "") return { kind: "blank" };
  if (line.startsWith("#")) return { kind: "comment", text: line.replace(/^#+/, "").trim() };
  return readVariable(line) ?? readEntry(line, format);
}

const VARIABLE = /^(["']?)([^\s="']+)\1[ \t]*=[ \t]*(.*?)[ \t]*$/;

function readVariable(line: string): CrontabLine | undefined {
  const match = VARIABLE.exec(line);
  if (match === null) return undefined;
  const [, , name = "", value = ""] = match;
  const quoted = /^(["'])(.*)\1$/.exec(value);
  return { kind: "variable", name, value: quoted?.[2] ?? value };
}

const MACRO_ENTRY = /^(@\S+)(?:\s+(.*))?$/;
const FIELDS_ENTRY = /^((?:\S+[ \t]+){4}\S+)(?:[ \t]+(.*))?$/;
/** As useradd(8) takes them. */
const USER_NAME = /^[A-Za-z_][A-Za-z0-9_.-]{0,31}\$?$/;

function readEntry(line: string, format: CrontabFormat): CrontabLine {
  const match = (line.startsWith("@") ? MACRO_ENTRY : FIELDS_ENTRY).exec(line);
  if (match === null) return { kind: "unreadable", reason: "a line must have five time fields and a command" };
  const [, fields = "", rest = ""] = match;
  // A leading "-" tells some crons not to log the start.
  const schedule = fields.replace(/^-/, "").replace(/[ \t]+/g, " ");
  if (format === "user") return withCommand({ schedule }, rest);
  const [, user = "", command = ""] = /^(\S+)[ \t]*(.*)$/.exec(rest) ?? [];
  if (!USER_NAME.test(user)) {
    return { kind: "unreadable", reason: `the field after the time must be a user in a system crontab; got "${user}"` };
  }
  return withCommand({ schedule, user }, command);
}

function withCommand(entry: { readonly schedule: string; readonly user?: string }, command: string): CrontabLine {
  const trimmed = command.trim();
  if (trimmed === "") return { kind: "unreadable", reason: "the line has no command" };
  return { kind: "entry", ...entry, command: trimmed };
}

/**
 * Splits a command at its first unescaped `%`, as cron does: what follows is standard input, in which further `%` are
 * line ends. `\%` is a plain `%` in both; other backslashes stay.
 */
export function splitPercent(command: string): { readonly command: string; readonly stdin?: string } {
  const parts = [""];
  for (const [token] of command.matchAll(/\\[^]|[^]/g)) {
    if (token === "%") parts.push("");
    else parts[parts.length - 1] += token === "\\%" ? "%" : token;
  }
  const [first = "", ...input] = parts;
  if (input.length === 0) return { command: first };
  const stdin = input.join("\n");
  return { command: first.trimEnd(), stdin: stdin === "" || stdin.endsWith("\n") ? stdin : `${stdin}\n` };
}
