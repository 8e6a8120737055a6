import { tmpdir } from "node:os";
import { pathToFileURL } from "node:url";
import type { HandlerDefinition } from "../../core/job/executor.ts";
import type { CommandExecutorOptions } from "./command-executor.ts";
import type { Executor, Outcome, Task, TaskIo } from "./executor.ts";
import { failed, neverStarted } from "./failure.ts";
import type { Handler } from "./handler-context.ts";
import { findModule, handlerIn } from "./handler-module.ts";
import { runHandlerProcess } from "./handler-process.ts";
import { handlerThrew, runInline } from "./inline-handler.ts";
import { environmentOf } from "./process-environment.ts";

export interface HandlerExecutorOptions extends CommandExecutorOptions {
  /** Folder below which modules are looked for. Default: none. */
  readonly folder?: string | undefined;
  /** Handlers that jobs with `inline` can name as their `module`. */
  readonly handlers?: Readonly<Record<string, Handler>> | undefined;
}

/**
 * Calls a function of a module: in a process of its own, or with `inline` in the worker's.
 *
 * Errors: what the handler throws, by its `name`; `MODULE_NOT_FOUND`, `MODULE_NOT_ALLOWED`, `EXPORT_NOT_FOUND`,
 * `RESULT_INVALID`, `NEVER_SETTLED`, `EXIT_CODE`, `SIGNAL`, `RESOURCE_LIMIT`, `SPAWN_FAILED`, and those of a stop.
 */
export class HandlerExecutor implements Executor<HandlerDefinition> {
  readonly #workerId: string;
  readonly #own: Readonly<Record<string, string | undefined>>;
  readonly #workRoot: string;
  readonly #folder: string | undefined;
  readonly #handlers: ReadonlyMap<string, Handler>;

  constructor(options: HandlerExecutorOptions) {
    const { workerId, environment = process.env, workRoot = tmpdir(), folder, handlers = {} } = options;
    this.#workerId = workerId;
    this.#own = environment;
    this.#workRoot = workRoot;
    this.#folder = folder;
    this.#handlers = new Map(Object.entries(handlers));
  }

  execute(task: Task<HandlerDefinition>, io: TaskIo): Promise<Outcome> {
    if (io.signal.aborted) return Promise.resolve(neverStarted(io.signal));
    const { module, inline } = task.definition;
    const registered = inline === true ? this.#handlers.get(module) : undefined;
    return registered === undefined ? this.#executeModule(task, io) : runInline(registered, task, io);
  }

  async #executeModule(task: Task<HandlerDefinition>, io: TaskIo): Promise<Outcome> {
    const { module, inline, export: exportName = "default" } = task.definition;
    try {
      const path = await findModule(this.#folder, module);
      if (inline === true) return await runInlineModule(path, { exportName, task, io });
      const environment = environmentOf(task, { own: this.#own, workerId: this.#workerId });
      return await runHandlerProcess(task, io, { path, environment, workRoot: this.#workRoot });
    } catch (error) {
      return failed(error);
    }
  }
}

interface Call {
  readonly exportName: string;
  readonly task: Task<HandlerDefinition>;
  readonly io: TaskIo;
}

async function runInlineModule(path: string, { exportName, task, io }: Call): Promise<Outcome> {
  let exports: object;
  try {
    exports = (await import(pathToFileURL(path).href)) as object;
  } catch (error) {
    return handlerThrew(error, io);
  }
  return runInline(handlerIn(exports, exportName), task, io);
}
