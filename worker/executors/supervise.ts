import type { ChildProcess } from "node:child_process";
import type { StopOutcome, TaskIo } from "./executor.ts";
import { Failure, stopReason } from "./failure.ts";
import { ProcessFamily } from "./process-family.ts";
import { endsBy, killFamily, stopFamily, within } from "./stop-family.ts";

/** How the main process of an attempt ended, and what was done about the others. */
export interface ProcessEnd {
  /** `null` when it was ended by a signal, or has not ended. */
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Set when a stop was asked for before the main process had ended. */
  readonly stop?: StopOutcome;
}

/** What others may take to end by themselves after the main process, such as a `tee` that writes the last lines. */
const LINGER_MS = 1_000;
/** After all processes have ended their output is still in the pipes; nobody can add to it. */
const DRAIN_BOUND_MS = 10_000;
/** Trying again cannot help where the program is missing, may not be run, or its arguments are too long. */
const FINAL_SPAWN_ERRORS = new Set(["ENOENT", "EACCES", "EPERM", "ENOEXEC", "E2BIG", "ENOTDIR"]);

/**
 * Stays with a process from its start until nothing of its family is left: passes a stop on, ends what the main process
 * left behind, and waits until its output has been read.
 *
 * @param child - just spawned, as leader of a group of its own (`detached`), with `marker` in its environment
 * @throws {Failure} `SPAWN_FAILED` when it did not start
 */
export async function supervise(
  child: ChildProcess,
  { marker, io }: { readonly marker: readonly string[]; readonly io: TaskIo },
): Promise<ProcessEnd> {
  const ended = exitOf(child);
  const closed = new Promise<void>((resolve) => child.once("close", () => resolve()));
  if (child.pid === undefined) throw spawnFailure(await ended);
  const family = new ProcessFamily(marker, child.pid);
  const stop = await endOrStop(family, ended, io.signal);
  if (stop === undefined) await endLeftBehind(family, io);
  const drainMs = stop?.confirmed === false ? 0 : DRAIN_BOUND_MS;
  const isClosed = await within(drainMs, closed);
  if (!isClosed) for (const stream of child.stdio) stream?.destroy();
  const { exitCode, signalCode: signal } = child;
  if (stop === undefined) {
    if (!isClosed) io.log("system", ESCAPED);
    return { exitCode, signal };
  }
  // Somebody holds what we gave to the main process alone: the process table did not show everyone.
  const seen = isClosed ? stop : { ...stop, confirmed: false, evidence: `${stop.evidence}; ${ESCAPED}` };
  return { exitCode, signal, stop: seen };
}

const ESCAPED = "A process that has left the family without a trace still holds the output";

/** Turns what `spawn` throws or emits into an outcome. */
export function spawnFailure(error: unknown): Failure {
  const { code, message } = error as NodeJS.ErrnoException;
  const isFinal = code !== undefined && FINAL_SPAWN_ERRORS.has(code);
  return new Failure("SPAWN_FAILED", `Cannot start the process: ${message}`, {
    ...(isFinal && { retryable: false }),
    cause: error,
  });
}

/** Resolves with `undefined` when the process ends, with the error when it could not be started. */
function exitOf(child: ChildProcess): Promise<Error | undefined> {
  return new Promise((resolve) => {
    child.once("exit", () => resolve(undefined));
    // Stays attached: an error without a listener, such as of a message to an ended process, would end the worker.
    child.on("error", (error) => {
      if (child.pid === undefined) resolve(error);
    });
  });
}

async function endOrStop(
  family: ProcessFamily,
  ended: Promise<unknown>,
  signal: AbortSignal,
): Promise<StopOutcome | undefined> {
  const asked = Promise.withResolvers<"stop">();
  const onAbort = (): void => asked.resolve("stop");
  signal.addEventListener("abort", onAbort, { once: true });
  if (signal.aborted) onAbort();
  const first = await Promise.race([ended, asked.promise]);
  signal.removeEventListener("abort", onAbort);
  if (first !== "stop") return undefined;
  const { kind, graceMs } = stopReason(signal);
  return { reason: kind, ...(await stopFamily(family, { graceMs, rootEnded: ended })) };
}

/** A run ends with its processes: what outlives the main process is killed, and the log says so. */
async function endLeftBehind(family: ProcessFamily, io: TaskIo): Promise<void> {
  if (family.living().length === 0 || (await endsBy(family, performance.now() + LINGER_MS))) return;
  const { evidence } = await killFamily(family);
  io.log("system", `Ended what the main process had left behind: ${evidence}`);
}
