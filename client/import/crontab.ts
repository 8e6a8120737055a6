import { findCronFault, type JobDefinition, parseJobDefinition } from "../../api/contract/job-definition.ts";
import { ProblemError } from "../../api/contract/problem.ts";
import { nameOfCommand } from "./command-name.ts";
import { noteEntryDifferences, noteGeneralDifferences } from "./crontab-differences.ts";
import { type CrontabEntry, type CrontabFormat, readCrontabLine, splitPercent } from "./crontab-line.ts";
import { CrontabVariables } from "./crontab-variables.ts";
import { escapeMacros } from "./escape-macros.ts";
import { type ImportNote, ImportNotes, type ImportResult } from "./import-result.ts";
import { UniqueNames } from "./unique-names.ts";

export interface CrontabOptions {
  /** `system`: with a user column, like `/etc/crontab`; `user`: without, like `crontab -l`. */
  readonly format: CrontabFormat;
  /** Where the text comes from, for the label `imported-from`. */
  readonly source: string;
  /** Zone of the machine that the crontab is for. Default: UTC, with a warning. */
  readonly timezone?: string;
}

/**
 * Turns a crontab into jobs that do what cron does: runs may overlap, have no time limit that matters, and are not made
 * up for when they were missed. What Carillon does differently is noted.
 */
export function importCrontab(text: string, options: CrontabOptions): ImportResult {
  const reader = new CrontabReader(options);
  for (const [index, line] of text.split(/\r?\n/).entries()) reader.read(line, index + 1);
  return reader.finish();
}

const MAX_DESCRIPTION_LENGTH = 2_000;

/** Reads line by line, and remembers what lines above have said. */
class CrontabReader {
  readonly #options: CrontabOptions;
  readonly #jobs: JobDefinition[] = [];
  readonly #names = new UniqueNames();
  readonly #notes = new ImportNotes();
  readonly #variables: CrontabVariables;
  readonly #notedOnce = new Set<string>();
  #comments: string[] = [];

  constructor(options: CrontabOptions) {
    this.#options = options;
    this.#variables = new CrontabVariables(options.timezone, this.#notes);
  }

  read(text: string, line: number): void {
    const found = readCrontabLine(text, this.#options.format);
    if (found.kind === "comment") {
      this.#comments.push(found.text);
      return;
    }
    if (found.kind === "variable") this.#variables.set(found.name, found.value, line);
    if (found.kind === "unreadable") this.#notes.add(line, "error", `Left out: ${found.reason}`);
    if (found.kind === "entry") this.#readEntry(found, line);
    this.#comments = [];
  }

  finish(): ImportResult {
    if (this.#jobs.length > 0) noteGeneralDifferences(this.#jobs, this.#options.timezone, this.#notes);
    return { jobs: this.#jobs, paused: [], notes: this.#notes.sorted() };
  }

  #readEntry(entry: CrontabEntry, line: number): void {
    if (entry.schedule === "@reboot") {
      const advice = "a job does not belong to one machine; use that machine's service manager";
      return this.#notes.add(line, "warning", `Left out: @reboot runs when a machine starts, and ${advice}`);
    }
    const fault = findCronFault(entry.schedule);
    if (fault !== undefined) return this.#notes.add(line, "error", `Left out: ${fault}`);
    try {
      this.#jobs.push(parseJobDefinition(this.#definition(entry)));
      noteEntryDifferences({ ...entry, ...splitPercent(entry.command) }, line, this.#notes);
      this.#noteUser(entry.user, line);
      this.#noteShell(this.#variables.shell, line);
    } catch (error) {
      if (!(error instanceof ProblemError)) throw error;
      this.#notes.add(line, "error", `Left out: ${error.message}`);
    }
  }

  #definition(entry: CrontabEntry): unknown {
    const { timezone, jitter } = this.#variables;
    return {
      name: this.#names.take(nameOfCommand(splitPercent(entry.command).command), `${entry.schedule} ${entry.command}`),
      ...describedBy(this.#comments),
      labels: { "imported-from": this.#options.source, ...(entry.user !== undefined && { "cron-user": entry.user }) },
      schedule: {
        cron: entry.schedule,
        ...(timezone !== undefined && { timezone }),
        ...(jitter !== undefined && { jitter }),
      },
      executor: this.#executor(entry.command),
      misfire: { policy: "none" },
      overlap: "allow",
      timeouts: { run: "30d" },
    };
  }

  #executor(commandField: string): unknown {
    const { command, stdin } = splitPercent(commandField);
    const { shell, home } = this.#variables;
    const environment = this.#variables.environment();
    const script = escapeMacros(command);
    return {
      type: "command",
      ...(shell === "/bin/sh" ? { shell: true, script } : { argv: [shell, "-c", script] }),
      ...(home !== undefined && { workingFolder: escapeMacros(home) }),
      ...(Object.keys(environment).length > 0 && { environment }),
      ...(stdin !== undefined && { stdin: escapeMacros(stdin) }),
    };
  }

  #noteUser(user: string | undefined, line: number): void {
    if (user === undefined) return;
    const text = `cron runs this as "${user}", Carillon as the worker's own user; the label cron-user keeps the name`;
    this.#noteOnce(line, "warning", text);
  }

  #noteShell(shell: string, line: number): void {
    if (shell !== "/bin/sh")
      this.#noteOnce(line, "info", `Commands are run by ${shell}, as SHELL says: workers need it`);
  }

  /** What holds for most lines is said at the first of them. */
  #noteOnce(line: number, level: ImportNote["level"], text: string): void {
    if (!this.#notedOnce.has(text)) this.#notes.add(line, level, text);
    this.#notedOnce.add(text);
  }
}

/** A single comment line right above an entry says what it is for; blocks, headings and disabled entries do not. */
function describedBy(comments: readonly string[]): { readonly description?: string } {
  const [text = ""] = comments;
  const isHeading = /\bm\s+h\b|\bcommand\b/.test(text);
  if (comments.length !== 1 || !/^\p{L}/u.test(text) || isHeading) return {};
  return { description: text.slice(0, MAX_DESCRIPTION_LENGTH) };
}
