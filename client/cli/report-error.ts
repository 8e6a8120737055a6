import { CommanderError } from "commander";
import { ApiError, ConnectionError } from "../sdk/api-error.ts";
import { CliError, type Fault, problemOf } from "./cli-error.ts";
import { EXIT_CODES, type ExitCode, exitCodeOf } from "./exit-code.ts";
import type { Io } from "./io.ts";
import { printable, printableInPlace, printableJson, printableLine } from "./printable.ts";
import { faultsOf, type Locate } from "./faults.ts";

export interface Reporting {
  readonly io: Io;
  readonly isJson: boolean;
  /** For a request that was made of a file. */
  readonly locate?: Locate | undefined;
}

/** Tells of an error on standard error: as a problem document with `--json`, else for people. Returns the exit code. */
export function reportError(error: unknown, { io, isJson, locate }: Reporting): ExitCode {
  const known = toKnown(error);
  io.stderr.write(isJson ? `${printableJson(documentOf(known), 2)}\n` : textOf(known, io, locate));
  return known instanceof CliError ? known.exitCode : exitCodeOf(known);
}

/** What reaches people is one of these; the rest is turned into one. */
function toKnown(error: unknown): ApiError | CliError {
  if (error instanceof ApiError || error instanceof CliError) return error;
  if (error instanceof CommanderError) return usageError(error);
  if (error instanceof ConnectionError) {
    return new CliError("unavailable", error.message, { exitCode: EXIT_CODES.unavailable, cause: error });
  }
  // Names and addresses that can't stand in a request; see `route` and `Transport`.
  if (error instanceof RangeError || error instanceof TypeError) return new CliError("usage", error.message);
  const message = error instanceof Error ? error.message : String(error);
  return new CliError("internal", message, { exitCode: EXIT_CODES.failure });
}

function usageError(error: CommanderError): CliError {
  const [told = "", ...more] = error.message.replace(/^error: /, "").split("\n");
  const detail = withoutValue(told);
  const suggestion = more
    .join(" ")
    .trim()
    .replace(/^\((.*)\)$/, "$1");
  const isToken = /unknown option '--token\b/.test(detail);
  const hint = isToken ? "Other users can read a command line: set CARILLON_TOKEN instead" : suggestion || "See --help";
  return new CliError("usage", detail, { hint });
}

/** A value that follows an unknown option may be a secret, and one that is refused may be long. */
function withoutValue(detail: string): string {
  return detail
    .replace(/^(unknown option '--?[^'=]*)=.*'$/s, "$1'")
    .replace(/(argument '.{64}).+(' is invalid)/s, "$1…$2");
}

function documentOf(error: ApiError | CliError): unknown {
  return error instanceof ApiError ? error.problem : problemOf(error);
}

function textOf(error: ApiError | CliError, io: Io, locate?: Locate): string {
  const isApi = error instanceof ApiError;
  const slug = isApi ? error.code : error.slug;
  const faults = isApi ? faultsOf(error, locate) : error.faults;
  const hint = isApi ? hintFor(error) : error.hint;
  const lines = [
    `${paint(`error[${printableLine(slug)}]:`, io)} ${printableLine(error.message)}`,
    ...faults.flatMap((fault) => faultLines(fault, error.message)),
    ...(hint === undefined ? [] : [`  hint: ${printable(hint)}`]),
  ];
  return `${lines.join("\n")}\n`;
}

function faultLines({ place, pointer, detail, expression }: Fault, headline: string): string[] {
  const where = [place, pointer].filter((part) => part !== undefined && part !== "").join(" ");
  // The only fault is the headline already.
  const isTold = detail === headline;
  const line = printableLine(isTold ? where : [where, detail].filter((part) => part !== "").join(": "));
  const lines = line === "" ? [] : [`  ${line}`];
  if (expression === undefined) return lines;
  return [...lines, `    ${printableInPlace(expression.text)}`, `    ${" ".repeat(expression.position)}^`];
}

function hintFor({ status, code }: ApiError): string | undefined {
  if (code === "version-conflict") return "It was changed meanwhile: look at it and try again";
  if (status === 401) return "Set CARILLON_TOKEN, or run the command in the folder where the server's .carillon is";
  return undefined;
}

function paint(text: string, { stderr, env }: Io): string {
  const isPlain = !stderr.isTty || (env["NO_COLOR"] ?? "") !== "" || env["TERM"] === "dumb";
  return isPlain ? text : `\u001b[31m${text}\u001b[39m`;
}
