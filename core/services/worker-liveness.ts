import type { WorkerRef } from "../run/run.ts";
import type { Core } from "./core.ts";

/**
 * Whether a worker is dead for certain or by long silence. A worker that has just fallen silent is alive as yet: ask
 * again later, with the same core, whose memory of heartbeats decides.
 */
export async function isWorkerDead(core: Core, worker: WorkerRef): Promise<boolean> {
  const record = await core.workers.find(worker.pool, worker.id);
  if (record === undefined || record.state === "gone") return true;
  if (record.process !== undefined && core.isGone?.(record.process) === true) return true;
  return core.observer.observe(worker.id, record.beat).dead;
}
