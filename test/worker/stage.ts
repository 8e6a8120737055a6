import type { LogEntry, LogStream, RunLogs } from "../../core/ports/run-logs.ts";
import type { RunKey } from "../../core/run/run-id.ts";
import type { Run } from "../../core/run/run.ts";
import type { Core } from "../../core/services/core.ts";
import { triggerRuns, type TriggerRequest } from "../../core/services/trigger-runs.ts";
import { Worker } from "../../worker/worker.ts";
import { FakeExecutor, OK } from "../support/fake-executor.ts";
import type { PortFaults } from "../support/port-faults.ts";
import { NAMESPACE, World } from "../support/world.ts";

const stops: (() => Promise<void>)[] = [];

/** Brings all workers of a test to their end. */
export async function endStages(): Promise<void> {
  for (const stop of stops.splice(0)) await stop();
}

export interface Stage {
  readonly world: World;
  /** The worker's own view of the world. */
  readonly core: Core;
  readonly worker: Worker;
  readonly executor: FakeExecutor;
  readonly faults: PortFaults;
  readonly errors: unknown[];
  readonly lines: string[];
  readonly done: Promise<void>;
}

/** A world with one real worker, called `real`, that has begun to work, and a job `a`. */
export async function aWorker(
  options: { slots?: number; drainMs?: number } = {},
  definition: object = {},
): Promise<Stage> {
  const world = new World({ workers: 0, schedulers: 0 });
  await world.define({ name: "a", overlap: "allow", ...definition });
  const { core, faults } = world.process();
  const executor = new FakeExecutor();
  const errors: unknown[] = [];
  const lines: string[] = [];
  const { slots = 4, drainMs = 30_000 } = options;
  const onError = (error: unknown) => errors.push(error);
  const worker = new Worker(core, {
    id: "real",
    pool: "default",
    slots,
    drainMs,
    executor,
    logs: logsInto(lines),
    onError,
  });
  const done = worker.run();
  stops.push(async () => {
    worker.drain();
    for (const attempt of executor.attempts) attempt.end(OK);
    faults.plan = () => undefined;
    await world.clock.advance(700_000);
    await done;
  });
  await world.clock.advance(0);
  return { world, core, worker, executor, faults, errors, lines, done };
}

function logsInto(lines: string[]): RunLogs {
  return {
    append: async ({ attempt }: LogStream, entries: readonly LogEntry[]) =>
      void lines.push(...entries.map(({ text }) => `${attempt} ${text}`)),
    read: () => Promise.resolve({ entries: [], next: "", closed: true }),
    close: async ({ attempt }) => void lines.push(`${attempt} closed`),
  };
}

export function trigger(world: World, requests: readonly TriggerRequest[]) {
  return triggerRuns(world.core, NAMESPACE, "a", { requests });
}

/** Lets time pass for the real worker and for the schedulers of the world. */
export async function advance(world: World, ms: number): Promise<void> {
  for (let passedMs = 0; passedMs < ms; passedMs += 500) {
    await world.visitAll();
    await world.clock.advance(500);
  }
}

export function theRun(world: World): Run {
  const [run] = world.runs("a");
  if (run === undefined) throw new Error("There is no run");
  return run;
}

/** Another worker holds the run from now on. */
export async function takeAway(world: World, key: RunKey = theRun(world)): Promise<void> {
  const stored = await world.core.runs.find(key);
  if (stored?.run.status !== "running") throw new Error("The run is not running");
  const { run, rev } = stored;
  const { worker: _w, ...rest } = run;
  const queued = await world.core.runs.put({ ...rest, status: "queued" }, rev);
  const worker = { id: "other", pool: "default" };
  if (queued.ok)
    await world.core.runs.put({ ...run, worker, epoch: run.epoch + 1, attempt: run.attempt + 1 }, queued.rev);
}
