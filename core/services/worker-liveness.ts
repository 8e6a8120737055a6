import { formatRunId } from "../run/run-id.ts";
import type { RunningRun } from "../run/run.ts";
import type { Core } from "./core.ts";

/** What is known of the worker in whose name a run is. */
export type Hold =
  /** It is dead for certain or by long silence, or lives and does not know of the run: the answer to its claim was lost. */
  | "gone"
  /** It has told that the run is in its hands, and is not known to be dead. */
  | "told"
  /** Neither. */
  | "untold";

/**
 * In whose hands a running run is. A worker that has just fallen silent, or has not told of the run, may be gone for all
 * that: ask again later, with the same core, whose memory of heartbeats decides.
 */
export async function holdOf(core: Core, run: RunningRun): Promise<Hold> {
  const { worker, epoch } = run;
  const record = await core.workers.find(worker.pool, worker.id);
  if (record === undefined || record.state === "gone") return "gone";
  // Not asked here whether its process is gone: who knows that also clears away what it left running, and then says `gone`.
  if (core.observer.observe(worker.id, record.beat).dead) return "gone";
  const runId = formatRunId(run);
  const isTold = record.running.includes(runId);
  if (core.oblivion.observe(`${runId}#${epoch}`, { beat: record.beat, isTold })) return "gone";
  return isTold ? "told" : "untold";
}
