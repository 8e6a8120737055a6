import { openSync, writeSync } from "node:fs";
import { nowMs, sleep } from "../harness/clock.ts";
import type { Figures, Step } from "../messages.ts";
import type { StepTools } from "../step-tools.ts";

const JOB_MS = 1;
const OUTLIVE_MS = 300_000;

/** Queues the jobs of the crash. */
export async function queueJobs({ jobs }: Extract<Step, { kind: "queue" }>, { open }: StepTools): Promise<Figures> {
  const session = await open();
  await session.insert(Array.from({ length: jobs }, (_, i) => ({ i, dueAtMs: 0 })));
  await session.stop();
  return {};
}

/**
 * Works and logs each start (`S`) and end (`E`) with a plain write(2), which survives a kill. At its `killAtStart`-th
 * start the process kills itself from inside the handler, so that this job and its neighbours are surely under way.
 */
export async function work(
  { log, killAtStart }: Extract<Step, { kind: "work" }>,
  { open, mark }: StepTools,
): Promise<Figures> {
  const file = openSync(log, "a");
  const write = (event: "S" | "E", i: number): void => {
    writeSync(file, `${event} ${i} ${nowMs().toFixed(1)}\n`);
  };
  let starts = 0;
  const session = await open();
  await mark("opened");
  await session.startWorker(async (i) => {
    write("S", i);
    starts += 1;
    if (starts === killAtStart) process.kill(process.pid, "SIGKILL");
    await sleep(JOB_MS);
    write("E", i);
  });
  await sleep(OUTLIVE_MS);
  return {};
}
