import { rm } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { ownProcess } from "../adapters/embedded/process-ref.ts";
import { RelayMetrics } from "../adapters/embedded/relay-metrics.ts";
import { allowedTargets } from "../adapters/http-rules/allowed-targets.ts";
import { openEngine } from "../adapters/embedded/engine.ts";
import { createExecutors } from "./executors/executors.ts";
import { Worker } from "./worker.ts";

/** A worker process of the embedded body. SIGTERM, or the end of its server, drains it. */
const { values } = parseArgs({
  options: {
    id: { type: "string" },
    pool: { type: "string", default: "default" },
    data: { type: "string" },
    slots: { type: "string", default: "8" },
    handlers: { type: "string" },
    "drain-ms": { type: "string", default: "20000" },
    allow: { type: "string", multiple: true, default: [] },
  },
});
const { id, pool, data, slots, handlers } = values;
if (id === undefined || data === undefined) throw new Error("Cannot start a worker: --id and --data are required");

const METRICS_PERIOD_MS = 1_000;

const onError = (error: unknown): void => {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(
    `${JSON.stringify({ at: new Date().toISOString(), level: "error", worker: id, error: text })}\n`,
  );
};
const metrics = new RelayMetrics();
const engine = openEngine({ folder: data, metrics, checkpoint: false });
// Of this worker alone, so that whoever finds it dead can remove what it left.
const workRoot = join(data, "work", id);
const executor = createExecutors({
  workerId: id,
  workRoot,
  ...(handlers === undefined ? {} : { handlersFolder: handlers }),
  allow: allowedTargets(values.allow),
});
const worker = new Worker(engine.core, {
  id,
  pool,
  slots: Number(slots),
  process: ownProcess(),
  drainMs: Number(values["drain-ms"]),
  executor,
  logs: engine.logs,
  onError,
});
const drain = (): void => worker.drain();
process.on("SIGTERM", drain);
process.on("SIGINT", drain);
process.on("disconnect", drain);
process.on("unhandledRejection", onError);
// A server that was gone before we listened says so no more.
if (process.send !== undefined && !process.connected) drain();
tellServer({ kind: "ready" });
const reporting = setInterval(reportMetrics, METRICS_PERIOD_MS);
await worker.run();
clearInterval(reporting);
reportMetrics();
await rm(workRoot, { recursive: true, force: true });
await engine.close();
process.exit(0);

/** Tells the server what was measured, as long as there is one. */
function reportMetrics(): void {
  const report = process.connected ? metrics.take() : undefined;
  if (report !== undefined) tellServer({ kind: "metrics", report });
}

/**
 * A server that has been killed may look connected still. What it can't be told any more is nobody's loss: without a
 * callback it would be an error event, which ends the worker in the midst of its attempts.
 */
function tellServer(message: object): void {
  process.send?.(message, undefined, undefined, () => undefined);
}
