import type { WorkerRecord } from "../../core/worker/worker-record.ts";
import type { Worker } from "../contract/pool.ts";
import { iso } from "./iso.ts";

export function presentWorker({ id, pool, state, slots, running, startedAtMs, process }: WorkerRecord): Worker {
  return {
    id,
    pool,
    state,
    slots,
    running: [...running],
    startedAt: iso(startedAtMs),
    ...(process === undefined ? {} : { host: process.host, pid: process.pid }),
  };
}
