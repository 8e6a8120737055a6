/** Kinds of executors that workers may have. */
export const EXECUTOR_TYPES = ["command", "http", "handler", "lambda", "container"] as const;
export type ExecutorType = (typeof EXECUTOR_TYPES)[number];

/** Kinds of what jobs may do. */
export type JobType = ExecutorType | "workflow";

/** What needs nothing but one machine. */
export const LOCAL_EXECUTORS: readonly JobType[] = ["command", "http", "handler", "workflow"];
