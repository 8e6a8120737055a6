import { type ChildProcess, spawn } from "node:child_process";
import { tmpdir } from "node:os";
import type { Writable } from "node:stream";
import type { CommandDefinition } from "../../core/job/executor.ts";
import { type CommandLine, commandLine } from "./command-line.ts";
import type { Executor, Outcome, Task, TaskIo } from "./executor.ts";
import { failed, neverStarted, stopped, taskError } from "./failure.ts";
import { OutputCapture } from "./output-capture.ts";
import { type Environment, environmentOf, parametersVariable, runMarker } from "./process-environment.ts";
import { REPORT_FD, ReportChannel } from "./report-channel.ts";
import { type ProcessEnd, spawnFailure, supervise } from "./supervise.ts";
import { openWorkFolder, type WorkFolder } from "./work-folder.ts";

export interface CommandExecutorOptions {
  /** Put into the environment of every process, so that `killLeftovers` finds what a killed worker has left. */
  readonly workerId: string;
  /** The worker's own environment, from which a list is passed on. Default `process.env`. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /**
   * Folder below which each attempt gets a folder of its own. Default: the system's folder for temporary files. One that
   * belongs to the worker alone can be removed with all that a killed worker has left in it.
   */
  readonly workRoot?: string;
}

/**
 * Runs a program as a process group of its own, in an empty folder, with an environment of listed variables.
 *
 * Errors: `EXIT_CODE`, `SIGNAL`, `RESOURCE_LIMIT`, `SPAWN_FAILED`, `COMMAND_INVALID`, `WORKING_FOLDER_MISSING`,
 * `ENVIRONMENT_NOT_ALLOWED`, `PARAMETERS_TOO_LARGE`, and those of a stop (see `stopped`).
 */
export class CommandExecutor implements Executor<CommandDefinition> {
  readonly #workerId: string;
  readonly #own: Readonly<Record<string, string | undefined>>;
  readonly #workRoot: string;

  constructor({ workerId, environment = process.env, workRoot = tmpdir() }: CommandExecutorOptions) {
    this.#workerId = workerId;
    this.#own = environment;
    this.#workRoot = workRoot;
  }

  async execute(task: Task<CommandDefinition>, io: TaskIo): Promise<Outcome> {
    if (io.signal.aborted) return neverStarted(io.signal);
    try {
      const line = commandLine(task.definition);
      const environment = this.#environment(task);
      const folder = await openWorkFolder(this.#workRoot, task.definition.workingFolder);
      return await runIn(folder, { task, io, line, environment });
    } catch (error) {
      return failed(error);
    }
  }

  #environment(task: Task<CommandDefinition>): Environment {
    const { passEnvironment: pass, environment: set } = task.definition;
    return {
      ...environmentOf(task, { pass, set, own: this.#own, workerId: this.#workerId }),
      ...parametersVariable(task),
      CARILLON_REPORT_FD: String(REPORT_FD),
    };
  }
}

interface Attempt {
  readonly task: Task<CommandDefinition>;
  readonly io: TaskIo;
  readonly line: CommandLine;
  readonly environment: Environment;
}

async function runIn(folder: WorkFolder, { task, io, line, environment }: Attempt): Promise<Outcome> {
  const output = new OutputCapture(io);
  const reports = new ReportChannel(io);
  try {
    const child = start(line, { cwd: folder.path, environment, stdin: task.definition.stdin });
    if (child.stdout !== null) output.attach(child.stdout, "stdout");
    if (child.stderr !== null) output.attach(child.stderr, "stderr");
    const reportStream = child.stdio[REPORT_FD];
    if (reportStream !== null && reportStream !== undefined && "read" in reportStream) reports.attach(reportStream);
    const end = await supervise(child, { marker: runMarker(task.runId, task.epoch), io });
    return outcomeOf(end, { definition: task.definition, output, reports });
  } finally {
    const problem = await folder.remove();
    if (problem !== undefined) io.log("system", problem);
  }
}

interface StartOptions {
  readonly cwd: string;
  readonly environment: Environment;
  readonly stdin: string | undefined;
}

function start([program, ...args]: CommandLine, { cwd, environment, stdin }: StartOptions): ChildProcess {
  try {
    const child = spawn(program, args, {
      cwd,
      env: environment,
      // Leader of a session and group of its own: one signal reaches all of it, and none of the worker's reaches it.
      detached: true,
      stdio: [stdin === undefined ? "ignore" : "pipe", "pipe", "pipe", "pipe"],
    });
    if (stdin !== undefined && child.stdin !== null) write(child.stdin, stdin);
    return child;
  } catch (error) {
    throw spawnFailure(error);
  }
}

function write(stream: Writable, text: string): void {
  // A command that does not read its input to the end is in its right.
  stream.on("error", () => undefined);
  stream.end(text);
}

interface Observed {
  readonly definition: CommandDefinition;
  readonly output: OutputCapture;
  readonly reports: ReportChannel;
}

function outcomeOf({ exitCode, signal, stop }: ProcessEnd, { definition, output, reports }: Observed): Outcome {
  if (stop !== undefined) return stopped(stop, exitCode);
  if (exitCode === null) return { ok: false, error: signalError(signal, definition) };
  if ((definition.successExitCodes ?? [0]).includes(exitCode)) {
    return reports.result === undefined ? { ok: true, exitCode } : { ok: true, exitCode, result: reports.result };
  }
  const detail = output.lastError === "" ? "" : `: ${output.lastError}`;
  return { ok: false, exitCode, error: taskError("EXIT_CODE", `Command ended with exit code ${exitCode}${detail}`) };
}

function signalError(signal: NodeJS.Signals | null, { limits }: CommandDefinition) {
  if (signal === "SIGXCPU" && limits?.cpuSeconds !== undefined) {
    return taskError("RESOURCE_LIMIT", `Command used more than ${limits.cpuSeconds} s of processor time`);
  }
  return taskError("SIGNAL", `Command was ended by ${signal ?? "an unknown signal"}`);
}
