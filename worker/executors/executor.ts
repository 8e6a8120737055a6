import type { ExecutorDefinition } from "../../core/job/executor.ts";
import type { Json, JsonObject } from "../../core/json.ts";
import type { LogEntry } from "../../core/ports/run-logs.ts";

/** Runs one attempt of one kind of job. Never throws for what the job does: that is an outcome. */
export interface Executor<D extends ExecutorDefinition = ExecutorDefinition> {
  /**
   * Starts the attempt and resolves when nothing of it is left running, or when that could not be brought about within
   * the grace time (`stop.confirmed` is false then). When `io.signal` is aborted with a `StopReason`, the job is asked
   * to stop; after `stop.graceMs` it is killed with all it has started.
   */
  execute(task: Task<D>, io: TaskIo): Promise<Outcome>;
}

/** What is to be run. Macros in the definition are expanded already. */
export interface Task<D extends ExecutorDefinition = ExecutorDefinition> {
  readonly definition: D;
  readonly runId: string;
  readonly namespace: string;
  readonly job: string;
  /** The slot's nominal instant; for other runs the instant they were due. */
  readonly slotAtMs: number;
  readonly dueAtMs: number;
  /** From 1. */
  readonly attempt: number;
  /** The fence: higher for every claim of the run. */
  readonly epoch: number;
  readonly parameters: JsonObject;
}

export interface TaskIo {
  log(source: LogEntry["source"], text: string): void;
  /** A sign of life with what the job wants to tell; at most 16 KB are kept. */
  progress(value: Json): void;
  /** Aborted with a `StopReason` when the attempt has to end early. */
  readonly signal: AbortSignal;
}

/** Why an attempt has to end early; the reason of the abort signal. `graceMs` 0 kills at once. */
export interface StopReason {
  readonly kind: "cancel" | "timeout" | "heartbeatTimeout" | "fenced" | "drain";
  readonly graceMs: number;
}

export type Outcome =
  | { readonly ok: true; readonly result?: Json; readonly exitCode?: number }
  | { readonly ok: false; readonly error: TaskError; readonly exitCode?: number; readonly stop?: StopOutcome };

/** `name` is what `retry.nonRetryable.errors` is compared with. */
export interface TaskError {
  readonly name: string;
  readonly message: string;
  /** `false`: trying again cannot help, whatever the policy says (refused target, missing module). */
  readonly retryable?: boolean;
}

/** What was seen after a stop was asked for. */
export interface StopOutcome {
  readonly reason: StopReason["kind"];
  /** Nothing of the attempt is running any more, and this was checked. */
  readonly confirmed: boolean;
  /** For people: signals sent, processes found, exit seen. */
  readonly evidence: string;
}
