import type { Task } from "./executor.ts";
import { Failure } from "./failure.ts";

/** Variables of the worker that every job gets. */
const PASSED = ["PATH", "HOME", "LANG", "TZ", "TMPDIR"];
/** Never passed on, even when a job asks: the worker's own secrets, and what changes how a process is loaded. */
const NEVER_PASSED = /^(LD_.*|DYLD_.*|NODE_.*|CARILLON_.*|AWS_.*)$/;
/** Linux takes at most 128 KiB for one variable, its name included. */
const MAX_PARAMETERS_BYTES = 120 * 1024;

export type Environment = Readonly<Record<string, string>>;

export interface EnvironmentOptions {
  /** Names of the worker's variables to pass on besides `PASSED`. */
  readonly pass?: readonly string[] | undefined;
  /** What the job sets; wins over what is passed on. */
  readonly set?: Environment | undefined;
  /** The worker's own environment. */
  readonly own: Readonly<Record<string, string | undefined>>;
  readonly workerId: string;
}

/**
 * The environment of a job's process: of the worker's only what is listed, what the job sets, and what tells the process
 * which attempt it is.
 *
 * @throws {Failure} `ENVIRONMENT_NOT_ALLOWED` when the job asks for a variable that is never passed on
 */
export function environmentOf(task: Task, { pass = [], set = {}, own, workerId }: EnvironmentOptions): Environment {
  const refused = pass.find((name) => NEVER_PASSED.test(name));
  if (refused !== undefined) {
    const rule = "LD_*, DYLD_*, NODE_*, CARILLON_* and AWS_* stay with the worker";
    throw new Failure("ENVIRONMENT_NOT_ALLOWED", `Cannot pass on variable ${refused}: ${rule}`, { retryable: false });
  }
  const passed = [...PASSED, ...pass].flatMap((name) => {
    const value = own[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return {
    ...Object.fromEntries(passed),
    ...set,
    CARILLON_WORKER_ID: workerId,
    CARILLON_RUN_ID: task.runId,
    CARILLON_ATTEMPT: String(task.attempt),
    CARILLON_EPOCH: String(task.epoch),
    CARILLON_SLOT: new Date(task.slotAtMs).toISOString(),
    CARILLON_JOB: task.job,
    CARILLON_NAMESPACE: task.namespace,
  };
}

/**
 * The variable with a run's parameters as JSON.
 *
 * @throws {Failure} `PARAMETERS_TOO_LARGE` when they do not fit into a variable
 */
export function parametersVariable({ parameters }: Task): Environment {
  const text = JSON.stringify(parameters);
  const bytes = Buffer.byteLength(text);
  if (bytes > MAX_PARAMETERS_BYTES) {
    const rule = `${bytes} bytes of parameters do not fit into CARILLON_PARAMETERS (at most ${MAX_PARAMETERS_BYTES})`;
    throw new Failure("PARAMETERS_TOO_LARGE", `Cannot start the command: ${rule}`, { retryable: false });
  }
  return { CARILLON_PARAMETERS: text };
}

/** Variables by which the processes of a run are found: of one epoch, or of any. */
export function runMarker(runId: string, epoch?: number): readonly string[] {
  const run = `CARILLON_RUN_ID=${runId}`;
  return epoch === undefined ? [run, "CARILLON_EPOCH="] : [run, `CARILLON_EPOCH=${epoch}`];
}

/** Variables by which the processes of all runs of a worker are found; the worker itself runs no run. */
export function workerMarker(workerId: string): readonly string[] {
  return [`CARILLON_WORKER_ID=${workerId}`, "CARILLON_RUN_ID="];
}
