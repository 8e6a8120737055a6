import { parseRunId } from "../run/run-id.ts";
import { isHeld } from "../run/run.ts";
import type { ProcessRef, WorkerRecord } from "../worker/worker-record.ts";
import type { Core } from "./core.ts";
import { endLost } from "./end-lost.ts";
import { runDoorbell, sendDoorbells } from "./send.ts";

/** How long the record of a worker that is gone is kept for people to look at, from when it was found gone. */
const KEEP_GONE_MS = 3_600_000;

/** What the host does about a worker whose process is gone for certain. */
export interface WorkerRemains {
  /** Lets the messages that it held be received again. What had not begun can begin elsewhere at once. */
  readonly releaseMessages: (process: ProcessRef) => Promise<void>;
  /** Ends what it has left running; called before its runs may start elsewhere. */
  readonly clearAway: (worker: WorkerRecord) => Promise<void>;
}

/**
 * Takes their runs from workers that are gone, and rings for them anew. Whatever their last heartbeat did not tell yet
 * comes back with its message. A worker of which the host can't say whether its process lives, because it runs in another
 * container or on another machine, counts as gone after a long silence; what it may have left is not for this host to
 * clear away. Should it live after all, its next heartbeat says so.
 *
 * @returns the workers reaped
 */
export async function reapWorkers(core: Core, remains: WorkerRemains): Promise<readonly string[]> {
  const reaped: string[] = [];
  for (const pool of await core.workers.pools()) {
    for (const worker of await core.workers.list(pool)) {
      if (worker.state === "gone") {
        await keepForAWhile(core, worker);
        continue;
      }
      const fate = worker.process === undefined ? "unknown" : (core.fateOf?.(worker.process) ?? "unknown");
      // One that lives may be silent for a while, as after a sleep of the whole machine: it will speak again.
      if (fate === "alive" || (fate === "unknown" && !core.observer.observe(worker.id, worker.beat).dead)) continue;
      if (fate === "gone") await clear(remains, worker);
      await reapWorker(core, worker);
      reaped.push(worker.id);
    }
  }
  return reaped;
}

/** A worker that has left in order says that it is gone, not when: that is noted here. */
async function keepForAWhile(core: Core, worker: WorkerRecord): Promise<void> {
  const nowMs = core.clock.nowMs();
  if (worker.goneAtMs === undefined) return core.workers.put({ ...worker, goneAtMs: nowMs });
  if (nowMs - worker.goneAtMs > KEEP_GONE_MS) await core.workers.remove(worker);
}

async function clear({ releaseMessages, clearAway }: WorkerRemains, worker: WorkerRecord): Promise<void> {
  if (worker.process !== undefined) await releaseMessages(worker.process);
  await clearAway(worker);
}

/** Marks a worker as gone, which lets others take its runs, and rings for those that it told of. */
async function reapWorker(core: Core, worker: WorkerRecord): Promise<void> {
  await core.workers.put({ ...worker, state: "gone", goneAtMs: core.clock.nowMs() });
  core.observer.forget(worker.id);
  core.metrics.count("workers_lost", { pool: worker.pool });
  const keys = worker.running.flatMap((runId) => parseRunId(runId) ?? []);
  for (const stored of await core.runs.findMany(keys.slice(0, 100))) {
    const { run } = stored;
    if (!isHeld(run) || run.worker.id !== worker.id) continue;
    const queued = await endLost(core, stored);
    if (queued !== undefined) await sendDoorbells(core, [runDoorbell(queued.run, core.clock.nowMs())]);
  }
}
