import { writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import type { Command } from "commander";
import { FILE_LIMITS } from "../../../api/contract/limits.ts";
import { ProblemError } from "../../../api/contract/problem.ts";
import { readText } from "../../../api/contract/text-input.ts";
import { importCrontab } from "../../import/crontab.ts";
import type { ImportNote, ImportResult } from "../../import/import-result.ts";
import { importK8sCronJobs } from "../../import/k8s.ts";
import { applyJobs } from "../apply-jobs.ts";
import type { Actions } from "../command-action.ts";
import { CliError } from "../cli-error.ts";
import { definitionYaml } from "../definition-yaml.ts";
import { EXIT_CODES } from "../exit-code.ts";
import type { Io } from "../io.ts";
import { nameOf, readInput } from "../read-input.ts";
import type { Session } from "../session.ts";

interface ImportOptions {
  readonly apply?: boolean;
  readonly output?: string;
  readonly partial?: boolean;
  readonly timezone?: string;
}

interface CrontabOptions extends ImportOptions {
  readonly system?: boolean;
  readonly user?: boolean;
}

/** An import of one file, its notes marked with the file's name. */
interface Imported extends ImportResult {
  readonly file: string;
}

/** `import crontab` and `import k8s`. */
export function addImportCommands(program: Command, actions: Actions): void {
  const group = program.command("import").description("Turn crontabs and Kubernetes CronJobs into jobs");
  actions.on<CrontabOptions, [file: string]>(
    withImportOptions(
      group
        .command("crontab <file>")
        .description("Turn a crontab into jobs that do what cron does; - for standard input")
        .option("--system", "with a user column, such as /etc/crontab (default for files below /etc)")
        .option("--user", "without a user column, such as crontab -l prints (default for other files)"),
    ),
    async (session, options, file) => {
      const { system, user, timezone } = options;
      if (system === true && user === true) throw new CliError("usage", "Only one of --system and --user can be given");
      const isSystem = system === true || (user !== true && resolve(session.io.cwd, file).startsWith("/etc/"));
      const read = (text: string): ImportResult =>
        importCrontab(text, {
          format: isSystem ? "system" : "user",
          source: nameOf(file),
          ...(timezone !== undefined && { timezone }),
        });
      await finish(session, [await importFile(file, session.io, read)], options);
    },
  );
  actions.on<ImportOptions, [files: readonly string[]]>(
    withImportOptions(
      group.command("k8s <files...>").description("Turn CronJob manifests (batch/v1) into jobs; - for standard input"),
    ),
    async (session, options, files) => {
      const { timezone } = options;
      const imported: Imported[] = [];
      for (const file of files) {
        const read = (text: string): ImportResult =>
          importK8sCronJobs(text, { source: nameOf(file), ...(timezone !== undefined && { timezone }) });
        imported.push(await importFile(file, session.io, read));
      }
      await finish(session, imported, options);
    },
  );
}

function withImportOptions(command: Command): Command {
  return command
    .option("--timezone <zone>", "IANA zone of the machine or cluster that the schedules are for (default: UTC)")
    .option("--apply", "define the jobs at once")
    .option("--output <file>", "write the definitions to a new file; default: standard output")
    .option("--partial", "with --apply: also when something had to be left out");
}

async function importFile(file: string, io: Io, read: (text: string) => ImportResult): Promise<Imported> {
  try {
    return { ...read(readText(await readInput(file, io), FILE_LIMITS)), file: nameOf(file) };
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    const faults = (error.problem.errors ?? []).map(({ pointer, code, detail }) => ({ pointer, code, detail }));
    throw new CliError(error.code, error.message, { faults, cause: error });
  }
}

async function finish(session: Session, imported: readonly Imported[], options: ImportOptions): Promise<void> {
  const { apply = false, output, partial = false } = options;
  if (apply && output !== undefined) throw new CliError("usage", "Only one of --apply and --output can be given");
  const jobs = imported.flatMap((result) => result.jobs);
  const paused = imported.flatMap((result) => result.paused);
  const notes = imported.flatMap((result) => result.notes.map((note) => ({ file: result.file, ...note })));
  for (const note of notes) session.note(noteText(note));
  const isWhole = !notes.some(({ level }) => level === "error");
  if (!isWhole) session.exitCode = EXIT_CODES.usage;
  if (apply) {
    if (!isWhole && !partial) {
      throw new CliError("import-incomplete", "Cannot apply the import: something had to be left out", {
        hint: "See the notes above, or define the others with --partial",
      });
    }
    return applyImport(session, { jobs, paused });
  }
  const text = definitionYaml(...jobs);
  if (output !== undefined) await writeNew(output, text, session.io);
  const told = `Wrote ${jobs.length} definitions to ${output}\n`;
  session.show({ jobs, paused, notes }, { human: () => (output === undefined ? text : told) });
  if (paused.length > 0)
    session.note(`Suspended in the source, to be paused once they are defined: ${paused.join(", ")}`);
}

async function applyImport(session: Session, { jobs, paused }: Pick<ImportResult, "jobs" | "paused">): Promise<void> {
  const applied = await applyJobs(
    session,
    jobs.map((definition) => ({ definition, locate: () => undefined })),
  );
  const client = await session.client();
  for (const { name } of applied.filter(({ name, action }) => paused.includes(name) && action === "created")) {
    await client.jobs.pause(session.job(name), { note: "suspended where it was imported from" });
    session.note(`Paused job ${name}, as it was suspended in the source`);
  }
}

function noteText({ file, line, level, text }: ImportNote & { readonly file: string }): string {
  return `${line === 0 ? file : `${file}:${line}`}: ${level}: ${text}`;
}

async function writeNew(output: string, text: string, io: Io): Promise<void> {
  try {
    await writeFile(resolve(io.cwd, output), text, { flag: "wx" });
  } catch (cause) {
    const isThere = cause instanceof Error && "code" in cause && cause.code === "EEXIST";
    const reason = isThere ? "it exists already" : cause instanceof Error ? cause.message : String(cause);
    throw new CliError("file-unwritable", `Cannot write ${output}: ${reason}`, { cause });
  }
}
