import type { Problem } from "../../api/contract/problem.ts";
import { type ExitCode, EXIT_CODES } from "./exit-code.ts";

/** What the command itself refuses or fails at, without the server. */
export class CliError extends Error {
  /** Names the kind of error, like the server's slugs. */
  readonly slug: string;
  readonly exitCode: ExitCode;
  /** What to do about it. */
  readonly hint: string | undefined;
  readonly faults: readonly Fault[];

  constructor(
    slug: string,
    detail: string,
    about: {
      readonly exitCode?: ExitCode;
      readonly hint?: string | undefined;
      readonly faults?: readonly Fault[];
      readonly cause?: unknown;
    } = {},
  ) {
    super(detail, { cause: about.cause });
    this.name = "CliError";
    this.slug = slug;
    this.exitCode = about.exitCode ?? EXIT_CODES.usage;
    this.hint = about.hint;
    this.faults = about.faults ?? [];
  }
}

/** One fault in the input, and where it is. */
export interface Fault {
  /** `file:line:column`, where the input is a file. */
  readonly place?: string | undefined;
  readonly pointer: string;
  readonly code: string;
  readonly detail: string;
  /** The cron expression that is meant, and the index of the token that can't be read, in UTF-16 units from 0. */
  readonly expression?: { readonly text: string; readonly position: number } | undefined;
}

/** A problem document for an error of our own: it looks like the server's. */
export function problemOf(error: CliError): Omit<Problem, "type" | "status" | "errors"> & Record<string, unknown> {
  const { slug, message, hint, faults } = error;
  return {
    type: `urn:carillon:problem:${slug}`,
    title: slug.replaceAll("-", " ").replace(/^./, (letter) => letter.toUpperCase()),
    detail: message,
    ...(hint !== undefined && { hint }),
    ...(faults.length > 0 && {
      errors: faults.map(({ place, pointer, code, detail }) => ({ place, pointer, code, detail })),
    }),
  };
}
