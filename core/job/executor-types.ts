/** Kinds of executors. */
export const EXECUTOR_TYPES = ["command", "http", "handler", "lambda", "container"] as const;
export type ExecutorType = (typeof EXECUTOR_TYPES)[number];

/** Those that need nothing but the worker's own machine. */
export const LOCAL_EXECUTORS: readonly ExecutorType[] = ["command", "http", "handler"];
