import { formatRunId } from "../run/run-id.ts";
import type { RunningRun } from "../run/run.ts";
import type { Core } from "./core.ts";

/**
 * Whether a running run is in nobody's hands any more: its worker is dead for certain or by long silence, or lives and
 * does not know of it (the answer to its claim was lost on the way). A worker that has just fallen silent is alive as
 * yet: ask again later, with the same core, whose memory of heartbeats decides.
 */
export async function isHolderGone(core: Core, run: RunningRun): Promise<boolean> {
  const { worker, epoch } = run;
  const record = await core.workers.find(worker.pool, worker.id);
  if (record === undefined || record.state === "gone") return true;
  // Not asked here whether its process is gone: who knows that also clears away what it left running, and then says `gone`.
  if (core.observer.observe(worker.id, record.beat).dead) return true;
  const runId = formatRunId(run);
  return core.oblivion.observe(`${runId}#${epoch}`, { beat: record.beat, isTold: record.running.includes(runId) });
}
