import { CommanderError } from "commander";
import { Actions } from "./command-action.ts";
import { EXIT_CODES } from "./exit-code.ts";
import type { Io } from "./io.ts";
import { buildProgram } from "./program.ts";
import { reportError } from "./report-error.ts";

/**
 * Runs the `carillon` command.
 *
 * @param argv - arguments after the command's own name
 * @returns the exit code; errors have been told on `io.stderr`
 */
export async function main(argv: readonly string[], io: Io): Promise<number> {
  const actions = new Actions(io);
  try {
    await buildProgram(actions).parseAsync([...argv], { from: "user" });
    return actions.exitCode;
  } catch (error) {
    if (error instanceof CommanderError && HELP_CODES.has(error.code)) {
      // Help that was asked for is a result; help in place of a missing command is not.
      return error.code === "commander.help" ? EXIT_CODES.usage : EXIT_CODES.ok;
    }
    const end = argv.indexOf("--");
    return reportError(error, { io, isJson: argv.slice(0, end === -1 ? undefined : end).includes("--json") });
  }
}

const HELP_CODES: ReadonlySet<string> = new Set(["commander.helpDisplayed", "commander.help", "commander.version"]);
