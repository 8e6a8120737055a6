import { setTimeout } from "node:timers/promises";
import type { CarillonClient } from "../../client/sdk/client.ts";
import type { JobReading } from "./check/history.ts";
import { checkRuns } from "./check/runs.ts";
import { checkSlots } from "./check/slots.ts";
import { readJobs } from "./read-jobs.ts";
import type { Workload } from "./workload.ts";

const LOOK_MS = 1_500;

export interface SettleOptions {
  readonly workload: Workload;
  readonly hostNowMs: () => number;
  readonly withinMs: number;
}

/** Reads until nothing is open any more, or time is over; returns what was read last. */
export async function settle(
  client: () => CarillonClient,
  { workload, hostNowMs, withinMs }: SettleOptions,
): Promise<readonly JobReading[]> {
  const untilMs = performance.now() + withinMs;
  for (;;) {
    const readings = await readJobs(client(), workload.jobs, hostNowMs());
    if (isAtRest(readings, workload) || performance.now() > untilMs) return readings;
    await setTimeout(LOOK_MS);
  }
}

function isAtRest(readings: readonly JobReading[], { operations }: Workload): boolean {
  return readings.every(
    (reading) =>
      reading.ledger.pending === 0 &&
      ![...checkRuns(reading), ...checkSlots(reading, operations)].some(({ kind }) => kind === "lost"),
  );
}
