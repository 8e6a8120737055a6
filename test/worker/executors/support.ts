import { existsSync, readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import type { ExecutorDefinition } from "../../../core/job/executor.ts";
import type { Json } from "../../../core/json.ts";
import type { StopReason, Task, TaskIo } from "../../../worker/executors/executor.ts";
import { readProcess } from "../../../worker/executors/process-table.ts";

let runs = 0;

/** A task with its own run id, due at 2026-03-31T04:05:06.789Z. */
export function aTask<D extends ExecutorDefinition>(definition: D, overrides: Partial<Task> = {}): Task<D> {
  runs += 1;
  return {
    runId: `acme.report.${process.pid}-${runs}`,
    namespace: "acme",
    job: "report",
    slotAtMs: Date.parse("2026-03-31T04:05:06.789Z"),
    dueAtMs: Date.parse("2026-03-31T04:05:07Z"),
    attempt: 2,
    epoch: 7,
    parameters: {},
    ...overrides,
    definition,
  };
}

/** A `TaskIo` that keeps what it is told. */
export class RecordedIo implements TaskIo {
  readonly entries: { readonly source: string; readonly text: string }[] = [];
  readonly reported: Json[] = [];
  readonly #abort = new AbortController();

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  log(source: "stdout" | "stderr" | "system", text: string): void {
    this.entries.push({ source, text });
  }

  progress(value: Json): void {
    this.reported.push(value);
  }

  stop(kind: StopReason["kind"], graceMs: number): void {
    this.#abort.abort({ kind, graceMs } satisfies StopReason);
  }

  /** Lines of one source. */
  lines(source: "stdout" | "stderr" | "system"): string[] {
    return this.entries.filter((entry) => entry.source === source).map((entry) => entry.text);
  }
}

/** Waits until `condition` gives something else than `undefined` or `false`; fails after 20 s. */
export async function eventually<T>(condition: () => T | undefined | false, what: string): Promise<T> {
  const untilMs = performance.now() + 20_000;
  for (;;) {
    const value = condition();
    if (value !== undefined && value !== false) return value;
    if (performance.now() > untilMs) throw new Error(`Waited 20 s in vain: ${what}`);
    await delay(10);
  }
}

/** The process ids that a job has written to a file, one a line, once there are `count`. */
export function pidsIn(path: string, count: number): Promise<number[]> {
  return eventually(() => {
    const pids = existsSync(path) ? readFileSync(path, "utf8").split("\n").filter(Boolean).map(Number) : [];
    return pids.length >= count ? pids : undefined;
  }, `${count} process ids in ${path}`);
}

/** Those of `pids` that have not ended. */
export function living(pids: readonly number[]): number[] {
  return pids.filter((pid) => readProcess(pid) !== undefined);
}
