import { parseRunId } from "../run/run-id.ts";
import type { ProcessRef, WorkerRecord } from "../worker/worker-record.ts";
import type { Core } from "./core.ts";
import { endLost } from "./end-lost.ts";
import { runDoorbell, sendDoorbells } from "./send.ts";

/** How long the record of a worker that is gone is kept for people to look at. */
const KEEP_GONE_MS = 3_600_000;

/** What the host does about a worker that is gone. */
export interface WorkerRemains {
  /** Lets the messages that it held be received again. What had not begun can begin elsewhere at once. */
  readonly releaseMessages: (process: ProcessRef) => Promise<void>;
  /** Ends what it has left running; called before its runs may start elsewhere. */
  readonly clearAway: (worker: WorkerRecord) => Promise<void>;
}

/**
 * Takes their runs from workers that are certainly gone, and rings for them anew. Whatever their last heartbeat did not
 * tell yet comes back with its message.
 *
 * @returns the workers reaped
 */
export async function reapWorkers(core: Core, remains: WorkerRemains): Promise<readonly string[]> {
  const reaped: string[] = [];
  for (const pool of await core.workers.pools()) {
    for (const worker of await core.workers.list(pool)) {
      if (worker.state === "gone") {
        if (core.clock.nowMs() - worker.startedAtMs > KEEP_GONE_MS) await core.workers.remove(worker);
      } else if (worker.process !== undefined && core.isGone?.(worker.process) === true) {
        await remains.releaseMessages(worker.process);
        await remains.clearAway(worker);
        await reapWorker(core, worker);
        reaped.push(worker.id);
      }
    }
  }
  return reaped;
}

/** Marks a worker as gone, which lets others take its runs, and rings for those that it told of. */
async function reapWorker(core: Core, worker: WorkerRecord): Promise<void> {
  await core.workers.put({ ...worker, state: "gone" });
  core.metrics.count("workers_lost", { pool: worker.pool });
  const keys = worker.running.flatMap((runId) => parseRunId(runId) ?? []);
  for (const stored of await core.runs.findMany(keys.slice(0, 100))) {
    const { run } = stored;
    if (run.status !== "running" || run.worker.id !== worker.id) continue;
    const queued = await endLost(core, stored);
    if (queued !== undefined) await sendDoorbells(core, [runDoorbell(queued.run, core.clock.nowMs())]);
  }
}
