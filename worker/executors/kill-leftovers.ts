import { runMarker, workerMarker } from "./process-environment.ts";
import { ProcessFamily } from "./process-family.ts";
import { HAS_PROCESS_TABLE } from "./process-table.ts";
import { type FamilyStop, killFamily } from "./stop-family.ts";

/**
 * Kills what a worker has left behind when it was killed itself: processes of attempts, known by the variables that
 * they were started with. To be called by who started the worker, once it has ended.
 *
 * @param owner - one run (of one epoch, or of any), or all runs of one worker
 * @returns `confirmed: false` where there is no process table to look into (other systems than Linux), or when a process
 *   outlived SIGKILL
 */
export async function killLeftovers(
  owner: { readonly runId: string; readonly epoch?: number } | { readonly workerId: string },
): Promise<FamilyStop> {
  if (!HAS_PROCESS_TABLE) {
    return {
      confirmed: false,
      evidence: `Nobody looked: processes cannot be found by their variables on ${process.platform}`,
    };
  }
  const marker = "workerId" in owner ? workerMarker(owner.workerId) : runMarker(owner.runId, owner.epoch);
  return killFamily(new ProcessFamily(marker));
}
