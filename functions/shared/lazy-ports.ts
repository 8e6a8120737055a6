import type { Executions } from "../../core/ports/executions.ts";
import type { Fleet } from "../../core/ports/fleet.ts";
import type { RunLogs } from "../../core/ports/run-logs.ts";
import type { Timer } from "../../core/ports/timer.ts";

/** A fleet to be sized, whose client is loaded at the first call: most containers of a function never make one. */
export function lazyFleet(open: () => Promise<Pick<Fleet, "resize">>): Pick<Fleet, "resize"> {
  const opened = once(open);
  return { resize: async (pool, count) => (await opened()).resize(pool, count) };
}

/** A timer whose client is loaded at the first call. */
export function lazyTimer(open: () => Promise<Timer>): Timer {
  const opened = once(open);
  return { setPace: async (pace) => (await opened()).setPace(pace) };
}

/** Executions whose client is loaded at the first call. */
export function lazyExecutions(open: () => Promise<Executions>): Executions {
  const opened = once(open);
  return {
    begin: async (run, plan) => (await opened()).begin(run, plan),
    answer: async (token, answer) => (await opened()).answer(token, answer),
    stop: async (run, reason) => (await opened()).stop(run, reason),
    remove: async (job) => (await opened()).remove(job),
  };
}

/** Logs of runs whose client is loaded at the first call. */
export function lazyRunLogs(open: () => Promise<RunLogs>): RunLogs {
  const opened = once(open);
  return {
    append: async (stream, entries) => (await opened()).append(stream, entries),
    read: async (stream, options) => (await opened()).read(stream, options),
    close: async (stream) => (await opened()).close(stream),
  };
}

/** Opens at the first call and keeps what was opened; after a failure it opens anew. */
export function once<T>(open: () => Promise<T>): () => Promise<T> {
  let opening: Promise<T> | undefined;
  return () => {
    opening ??= open().catch((error: unknown) => {
      opening = undefined;
      throw error;
    });
    return opening;
  };
}
