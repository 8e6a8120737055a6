import type { ExecutorDefinition } from "../../core/job/executor.ts";
import { EXECUTOR_TYPES, type ExecutorType } from "../../core/job/executor-types.ts";
import { CommandExecutor, type CommandExecutorOptions } from "./command-executor.ts";
import type { Executor, Outcome, Task, TaskIo } from "./executor.ts";
import { taskError } from "./failure.ts";
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
  /** Those that not every body has, by type. Default: none. */
  readonly others?: Partial<ExecutorsByType>;
  /** The kinds that jobs may use. Default: all that there are. */
  readonly offered?: readonly ExecutorType[];
}

/** One executor for each kind of job. */
export type ExecutorsByType = {
  readonly [T in ExecutorDefinition["type"]]: Executor<Extract<ExecutorDefinition, { type: T }>>;
};

/** One executor for all kinds of jobs. Error: `EXECUTOR_MISSING`, final, for a kind that this worker does not have. */
export function createExecutors({ offered = EXECUTOR_TYPES, ...options }: ExecutorsOptions): Executor {
  const executors: Partial<ExecutorsByType> = {
    command: new CommandExecutor(options),
    handler: new HandlerExecutor({ ...options, folder: options.handlersFolder }),
    http: new HttpExecutor(options),
    ...options.others,
  };
  return {
    execute(task, io) {
      const { type } = task.definition;
      const executor = offered.includes(type) ? executors[type] : undefined;
      return executor === undefined ? Promise.resolve(missing(type)) : execute(executor, task, io);
    },
  };
}

/** The table gives each kind its own executor, which the compiler cannot follow from here. */
function execute(executor: ExecutorsByType[ExecutorDefinition["type"]], task: Task, io: TaskIo): Promise<Outcome> {
  return (executor as Executor).execute(task, io);
}

function missing(type: string): Outcome {
  const message = `Cannot run a job of type "${type}": this worker has no executor for it`;
  return { ok: false, error: taskError("EXECUTOR_MISSING", message, false) };
}
