import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { HandlerDefinition } from "../../core/job/executor.ts";
import type { Json } from "../../core/json.ts";
import type { Outcome, Task, TaskError, TaskIo } from "./executor.ts";
import { stopped, taskError } from "./failure.ts";
import { readReport, type StartMessage } from "./handler-messages.ts";
import { OutputCapture } from "./output-capture.ts";
import { type Environment, runMarker } from "./process-environment.ts";
import { type ProcessEnd, spawnFailure, supervise } from "./supervise.ts";
import { openWorkFolder } from "./work-folder.ts";

const CHILD = fileURLToPath(new URL("handler-child.ts", import.meta.url));

export interface HandlerProcessOptions {
  /** Real path of the module. */
  readonly path: string;
  readonly environment: Environment;
  /** See `CommandExecutorOptions`. */
  readonly workRoot: string;
}

/**
 * Runs a handler in a process of its own, in an empty folder.
 *
 * @throws {Failure} when the process cannot be started
 */
export async function runHandlerProcess(
  task: Task<HandlerDefinition>,
  io: TaskIo,
  { path, environment, workRoot }: HandlerProcessOptions,
): Promise<Outcome> {
  const folder = await openWorkFolder(workRoot);
  try {
    const child = start(folder.path, environment, task.definition);
    const output = new OutputCapture(io);
    if (child.stdout !== null) output.attach(child.stdout, "stdout");
    if (child.stderr !== null) output.attach(child.stderr, "stderr");
    const conversation = new Conversation(child, io);
    conversation.start(startMessage(task, path));
    const end = await supervise(child, { marker: runMarker(task.runId, task.epoch), io });
    return outcomeOf(end, conversation, task.definition);
  } finally {
    const problem = await folder.remove();
    if (problem !== undefined) io.log("system", problem);
  }
}

function start(cwd: string, environment: Environment, { limits }: HandlerDefinition): ChildProcess {
  try {
    return fork(CHILD, [], {
      cwd,
      env: environment,
      execPath: process.execPath,
      // None of the worker's own flags: they may open a debugger's port.
      execArgv: limits?.memoryMb === undefined ? [] : [`--max-old-space-size=${limits.memoryMb}`],
      detached: true,
      stdio: ["ignore", "pipe", "pipe", "ipc"],
    });
  } catch (error) {
    throw spawnFailure(error);
  }
}

function startMessage(task: Task<HandlerDefinition>, path: string): StartMessage {
  const { definition, ...rest } = task;
  return { ...rest, path, exportName: definition.export ?? "default" };
}

/** The worker's end of the channel to a handler's process. */
class Conversation {
  readonly #child: ChildProcess;
  #ending: { readonly result?: Json } | { readonly error: TaskError } | undefined;

  constructor(child: ChildProcess, io: TaskIo) {
    this.#child = child;
    child.on("message", (message) => this.#hear(message, io));
  }

  /** What the handler ended with; `undefined` when its process ended before. */
  get ending(): { readonly result?: Json } | { readonly error: TaskError } | undefined {
    return this.#ending;
  }

  start(message: StartMessage): void {
    // A process that ends before it has read the message shows in its exit.
    if (this.#child.connected) this.#child.send(message, () => undefined);
  }

  #hear(message: unknown, io: TaskIo): void {
    const report = readReport(message);
    if (report === undefined || this.#ending !== undefined) return;
    switch (report.type) {
      case "progress":
        io.progress(report.value);
        break;
      case "result":
        this.#ending = report.value === undefined ? {} : { result: report.value };
        break;
      case "error":
        this.#ending = { error: report.error };
        for (const line of (report.stack ?? "").split("\n")) if (line !== "") io.log("stderr", line);
    }
  }
}

function outcomeOf(
  { exitCode, signal, stop }: ProcessEnd,
  { ending }: Conversation,
  { limits }: HandlerDefinition,
): Outcome {
  if (stop !== undefined) return stopped(stop, exitCode);
  if (ending !== undefined) return "error" in ending ? { ok: false, error: ending.error } : { ok: true, ...ending };
  if (signal === "SIGABRT" && limits?.memoryMb !== undefined) {
    const message = `Handler was aborted: it most likely used more than its ${limits.memoryMb} MB of heap`;
    return { ok: false, error: taskError("RESOURCE_LIMIT", message) };
  }
  if (exitCode === null) {
    return { ok: false, error: taskError("SIGNAL", `Handler was ended by ${signal ?? "an unknown signal"}`) };
  }
  const message = `Handler ended its process with exit code ${exitCode} before it had returned`;
  return { ok: false, exitCode, error: taskError("EXIT_CODE", message) };
}
