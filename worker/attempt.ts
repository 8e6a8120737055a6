import { checkParameters } from "../core/job/parameters.ts";
import type { CompiledJob } from "../core/job/compile.ts";
import type { Json } from "../core/json.ts";
import type { AttemptResult } from "../core/run/attempt-result.ts";
import { expandDeep } from "../core/run/macros.ts";
import { macroContext } from "../core/run/macro-context.ts";
import { formatRunId } from "../core/run/run-id.ts";
import type { RunningRun } from "../core/run/run.ts";
import type { Clock } from "../core/ports/clock.ts";
import type { RunLogs } from "../core/ports/run-logs.ts";
import type { Executor, Outcome, StopReason, Task } from "./executors/executor.ts";
import { LogWriter } from "./log-writer.ts";

export interface AttemptPorts {
  readonly clock: Clock;
  readonly logs: RunLogs;
  readonly executor: Executor;
  readonly logFlushMs: number;
  readonly onError: (error: unknown) => void;
}

/** One claimed attempt while it is executed: what it reports, when it was last heard of, and how it is made to stop. */
export class Attempt {
  readonly runId: string;
  readonly epoch: number;
  readonly startedAtMs: number;
  readonly #ports: AttemptPorts;
  readonly #run: RunningRun;
  readonly #job: CompiledJob;
  readonly #abort = new AbortController();
  readonly #log: LogWriter;
  #lastSignMs: number;
  #progress: Json | undefined;

  constructor(ports: AttemptPorts, run: RunningRun, job: CompiledJob) {
    this.#ports = ports;
    this.#run = run;
    this.#job = job;
    this.runId = formatRunId(run);
    this.epoch = run.epoch;
    this.startedAtMs = ports.clock.monotonicMs();
    this.#lastSignMs = this.startedAtMs;
    const stream = { runId: this.runId, attempt: run.attempt };
    this.#log = new LogWriter(ports, { stream, flushMs: ports.logFlushMs, onError: ports.onError });
  }

  get run(): RunningRun {
    return this.#run;
  }

  /** What the attempt has reported since the last call. */
  takeProgress(): Json | undefined {
    const progress = this.#progress;
    this.#progress = undefined;
    return progress;
  }

  /** Asks the attempt to stop. The first request counts; later ones change nothing. */
  stop(reason: StopReason): void {
    if (this.#abort.signal.aborted) return;
    this.#abort.abort(reason);
  }

  /** Stops the attempt when it has run or been silent for too long. */
  checkTime(): void {
    const nowMs = this.#ports.clock.monotonicMs();
    const { runMs, heartbeatMs, graceMs } = this.#job.timeouts;
    if (nowMs - this.startedAtMs > runMs) this.stop({ kind: "timeout", graceMs });
    else if (heartbeatMs !== undefined && nowMs - this.#lastSignMs > heartbeatMs)
      this.stop({ kind: "heartbeatTimeout", graceMs });
  }

  /** Executes the attempt to its end. Its output is written before this resolves. */
  async execute(): Promise<AttemptResult> {
    let outcome: Outcome;
    try {
      outcome = await this.#ports.executor.execute(this.#task(), {
        log: (source, text) => {
          this.#lastSignMs = this.#ports.clock.monotonicMs();
          this.#log.write(source, text);
        },
        progress: (value) => {
          this.#lastSignMs = this.#ports.clock.monotonicMs();
          this.#progress = value;
        },
        signal: this.#abort.signal,
      });
    } catch (error) {
      outcome = { ok: false, error: preparationError(error) };
    }
    if (!outcome.ok) this.#log.write("system", `${outcome.error.name}: ${outcome.error.message}`);
    await this.#log.close();
    return asResult(outcome);
  }

  /** Expands macros and checks the parameters; throws when that can't be done. */
  #task(): Task {
    const context = macroContext(this.#run, this.#job);
    const { version, work } = this.#job;
    const { parametersSchema } = version.definition;
    if (work.kind !== "task") throw new Error(`Cannot execute run "${this.runId}": it is not for a worker`);
    const parameters = expandDeep(context.parameters, context);
    if (parametersSchema !== undefined) checkParameters(parametersSchema, parameters);
    return {
      definition: this.#job.hasMacros ? expandDeep(work.executor, { ...context, parameters }) : work.executor,
      runId: this.runId,
      namespace: this.#run.namespace,
      job: this.#run.job,
      slotAtMs: this.#run.slotAtMs,
      dueAtMs: this.#run.dueAtMs,
      attempt: this.#run.attempt,
      epoch: this.#run.epoch,
      parameters,
    };
  }
}

/** What went wrong before anything was started: no further attempt would fare better. */
function preparationError(error: unknown) {
  const isCoded = error instanceof Error && "code" in error && typeof error.code === "string";
  return {
    name: isCoded ? String(error.code) : "EXECUTOR_FAILED",
    message: error instanceof Error ? error.message : String(error),
    ...(isCoded ? { retryable: false } : {}),
  };
}

function asResult(outcome: Outcome): AttemptResult {
  const exitCode = outcome.exitCode === undefined ? {} : { exitCode: outcome.exitCode };
  if (outcome.ok)
    return { kind: "succeeded", ...exitCode, ...(outcome.result === undefined ? {} : { result: outcome.result }) };
  if (outcome.stop === undefined) return { kind: "failed", error: outcome.error, ...exitCode };
  const { reason, confirmed, evidence } = outcome.stop;
  return { kind: "stopped", reason, stop: { confirmed, evidence }, ...exitCode };
}
