import type { Command } from "commander";
import type { Actions } from "../command-action.ts";
import { applyJobs } from "../apply-jobs.ts";
import { readJobs } from "../definition-files.ts";
import { EXIT_CODES } from "../exit-code.ts";
import { collect } from "../option-values.ts";
import { planJobs, planText } from "../plan-jobs.ts";

interface FileOptions {
  readonly file: readonly string[];
}

const FILES = "file or folder of definitions in YAML or JSON, - for standard input; may be repeated";

/** `apply` and `plan`. */
export function addApplyCommands(program: Command, actions: Actions): void {
  actions.on<FileOptions, []>(
    program
      .command("apply")
      .description("Define jobs as files say; jobs that no file names stay as they are")
      .requiredOption("-f, --file <path>", FILES, collect),
    async (session, { file }) => {
      await applyJobs(session, await readJobs(file, session.io));
    },
  );
  actions.on<FileOptions & { readonly exitCode?: boolean }, []>(
    program
      .command("plan")
      .description("Show what apply would change: fields, and slots gained and lost")
      .requiredOption("-f, --file <path>", FILES, collect)
      .option("--exit-code", "end with 10 when there are changes"),
    async (session, { file, exitCode = false }) => {
      const changes = await planJobs(session, await readJobs(file, session.io));
      session.show({ changes }, { human: () => planText(changes, session) });
      const isChange = changes.some(({ action }) => action !== "none");
      if (exitCode && isChange) session.exitCode = EXIT_CODES.changes;
    },
  );
}
