import { Command, CommanderError } from "commander";
import type { Actions } from "./command-action.ts";
import { addApplyCommands } from "./commands/apply.ts";
import { addBackfillsCommands } from "./commands/backfills.ts";
import { addCalendarCommands } from "./commands/calendars.ts";
import { addDeadLetterCommands } from "./commands/dead-letters.ts";
import { addImportCommands } from "./commands/import.ts";
import { addJobCommands } from "./commands/jobs.ts";
import { addLedgerCommand } from "./commands/ledger.ts";
import { addPreviewCommand } from "./commands/preview.ts";
import { addRunCommands } from "./commands/runs.ts";
import { addTokenCommands } from "./commands/tokens.ts";
import { addWhyCommand } from "./commands/why.ts";
import { addPlatformCommands } from "./commands/platform.ts";
import { addWorkerCommands } from "./commands/workers.ts";
import { addWorkflowCommands } from "./commands/workflows.ts";
import { collect, parameter, stepMark } from "./option-values.ts";

const EXIT_CODE_HELP = `
Exit codes: 0 done, 1 failed, 2 bad usage or input, 3 no access, 4 not found, 5 conflict, 6 rate or quota,
7 server unavailable, 10 changes found by plan --exit-code`;

const ENVIRONMENT_HELP = `
Environment: CARILLON_URL, CARILLON_TOKEN, CARILLON_NAMESPACE. Without them, the command finds a server on this
machine by the file cli.json in its data folder: $CARILLON_DATA, by default .carillon in the working folder.`;

/** The whole command line. What it prints besides results goes through `io`; nothing ends the process. */
export function buildProgram(actions: Actions): Command {
  const { stdout, stderr } = actions.io;
  const program = new Command("carillon")
    .description("Work with a Carillon server: define jobs, run them, and see what became of every slot")
    .option("--url <url>", "address of the server")
    .option("-n, --namespace <name>", "namespace (default: $CARILLON_NAMESPACE, else default)")
    .option("--json", "print exactly one JSON document (logs -f: one a line)")
    .option("-q, --quiet", "print only what was asked for: no notes, no progress, no confirmations")
    .option("--utc", "show instants in UTC")
    .addHelpText("after", ENVIRONMENT_HELP + EXIT_CODE_HELP)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => stdout.write(text),
      writeErr: (text) => stderr.write(text),
      // The error is thrown too, and told once, in our own words.
      outputError: () => undefined,
    });
  addApplyCommands(program, actions);
  addJobCommands(program, actions);
  addBackfillsCommands(program, actions);
  addRunCommands(program, actions);
  addWorkflowCommands(program, actions);
  addLedgerCommand(program, actions);
  addWhyCommand(program, actions);
  addPreviewCommand(program, actions);
  addImportCommands(program, actions);
  addCalendarCommands(program, actions);
  addPlatformCommands(program, actions);
  addWorkerCommands(program, actions);
  addDeadLetterCommands(program, actions);
  addTokenCommands(program, actions);
  refuseRepeats(program);
  return program;
}

/** Options given twice are an error, not a matter of order; those that gather values may be repeated. */
function refuseRepeats(command: Command): void {
  const seen = new Set<string>();
  const gatherers: readonly unknown[] = [collect, parameter, stepMark];
  for (const option of command.options) {
    if (gatherers.includes(option.parseArg)) continue;
    command.on(`option:${option.name()}`, () => {
      if (seen.has(option.name())) {
        throw new CommanderError(2, "carillon.repeatedOption", `error: option '${option.flags}' is given twice`);
      }
      seen.add(option.name());
    });
  }
  for (const child of command.commands) refuseRepeats(child);
}
