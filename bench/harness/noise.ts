import { sleep } from "./clock.ts";
import { allProcesses, familyCpuS, machineBusyS } from "./processes.ts";

/** Above this, what else runs on the machine is taken to disturb a measurement: processor cores. */
export const QUIET_CORES = 0.25;

/** A point from which the load by others can be measured. */
export interface LoadMark {
  readonly atMs: number;
  readonly machineS: number;
  /** The benchmark's own: servers and steps are all descendants of this process. */
  readonly ownS: number;
}

export function markLoad(): LoadMark {
  return { atMs: performance.now(), machineS: machineBusyS(), ownS: familyCpuS(process.pid, allProcesses()) };
}

/** Processor cores used by processes outside the benchmark between two marks. */
export function foreignCores(from: LoadMark, to: LoadMark): number {
  const foreignS = to.machineS - from.machineS - (to.ownS - from.ownS);
  return Math.max(0, foreignS) / Math.max(0.001, (to.atMs - from.atMs) / 1_000);
}

/** Waits for a quiet second, at most for `limitMs`; the measurement is made either way, and marked when it was disturbed. */
export async function waitForQuiet(limitMs: number): Promise<void> {
  const endMs = performance.now() + limitMs;
  do {
    const from = markLoad();
    await sleep(Math.min(1_000, limitMs));
    if (foreignCores(from, markLoad()) < QUIET_CORES) return;
  } while (performance.now() < endMs);
}
