import { CarillonError } from "../../core/errors.ts";
import type { DeadLetter as StoredDeadLetter } from "../../core/ports/queue.ts";
import { queuedPriorities, queueName } from "../../core/run/message.ts";
import { runIdOfMessage } from "../../core/workflow/message-run.ts";
import { decodeMirrorMessage } from "../../core/workflow/mirror-message.ts";
import type { WorkerRecord } from "../../core/worker/worker-record.ts";
import type { fleetRoutes } from "../contract/fleet-routes.ts";
import type { DeadLetter, Pool } from "../contract/pool.ts";
import { presentWorker } from "../present/present-worker.ts";
import type { HandlersOf } from "./handler.ts";

export const fleetHandlers: HandlersOf<typeof fleetRoutes> = {
  async listPools(_call, { core }) {
    const names = await core.workers.pools();
    const items = await Promise.all(names.map(async (name) => presentPool(name, await core.workers.list(name))));
    return { status: 200, body: { items } };
  },

  async listWorkers({ params: { pool } }, { core }) {
    const workers = await core.workers.list(pool);
    return { status: 200, body: { items: workers.map(presentWorker) } };
  },

  async drainWorker({ params: { pool, worker: id } }, { core }) {
    const worker = await core.workers.find(pool, id);
    if (worker === undefined) throw new CarillonError("not-found", `Cannot find worker "${id}" in pool "${pool}"`);
    const changed = worker.state === "ready";
    if (changed) await core.workers.command(id, { kind: "drain" });
    return { status: 202, body: presentWorker(worker), changed };
  },

  async listQueues({ params: { pool } }, { core }) {
    const items = await Promise.all(
      queuedPriorities(pool).map(async (priority) => {
        const depth = await core.queue.depth(queueName(pool, priority));
        return { priority, ...depth };
      }),
    );
    return { status: 200, body: { items } };
  },

  async listDeadLetters({ params: { pool, priority }, query: { limit } }, { core }) {
    const letters = await core.queue.deadLetters(queueName(pool, priority), limit);
    return { status: 200, body: { items: letters.map(presentDeadLetter) } };
  },

  async redriveDeadLetters({ params: { pool, priority } }, { core }) {
    const redriven = await core.queue.redrive(queueName(pool, priority));
    return { status: 200, body: { redriven }, changed: redriven > 0 };
  },
};

function presentPool(name: string, workers: readonly WorkerRecord[]): Pool {
  const present = workers.filter(({ state }) => state !== "gone");
  const ready = present.filter(({ state }) => state === "ready");
  return {
    name,
    workers: present.length,
    slots: ready.reduce((sum, worker) => sum + worker.slots, 0),
    running: present.reduce((sum, worker) => sum + worker.running.length, 0),
  };
}

function presentDeadLetter({ body, group, receives }: StoredDeadLetter): DeadLetter {
  const runId = runIdOfMessage(body);
  return { namespace: group, ...(runId === undefined ? {} : { runId }), receives, body: withoutToken(body) };
}

/** Whoever has the token of a task may answer it. */
function withoutToken(body: string): string {
  const mirrored = decodeMirrorMessage(body);
  const hasToken = mirrored !== undefined && "token" in mirrored;
  return hasToken ? JSON.stringify({ ...mirrored, token: "(hidden)" }) : body;
}
