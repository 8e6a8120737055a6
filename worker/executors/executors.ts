import type { CommandDefinition, HandlerDefinition, HttpDefinition } from "../../core/job/executor.ts";
import { CommandExecutor, type CommandExecutorOptions } from "./command-executor.ts";
import { unreachable } from "../../core/run/run.ts";
import type { Executor, Task } from "./executor.ts";
import type { Handler } from "./handler-context.ts";
import { HandlerExecutor } from "./handler-executor.ts";
import { HttpExecutor } from "./http-executor.ts";

export interface ExecutorsOptions extends CommandExecutorOptions {
  /** Folder below which the modules of handlers are looked for. Default: none. */
  readonly handlersFolder?: string;
  /** Handlers for jobs with `inline`, by the name they use as `module`. */
  readonly handlers?: Readonly<Record<string, Handler>>;
  /** What the HTTP jobs of a namespace are allowed besides public targets. Default: nothing. */
  readonly allow?: (namespace: string) => readonly string[];
}

/** One executor for all kinds of jobs. */
export function createExecutors(options: ExecutorsOptions): Executor {
  const command = new CommandExecutor(options);
  const handler = new HandlerExecutor({ ...options, folder: options.handlersFolder });
  const http = new HttpExecutor(options);
  return {
    execute(task, io) {
      const { type } = task.definition;
      switch (type) {
        case "command":
          return command.execute(task as Task<CommandDefinition>, io);
        case "http":
          return http.execute(task as Task<HttpDefinition>, io);
        case "handler":
          return handler.execute(task as Task<HandlerDefinition>, io);
        default:
          return unreachable(type);
      }
    },
  };
}
