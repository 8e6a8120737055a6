import { randomUUID } from "node:crypto";
import { mkdirSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { getConnInfo } from "@hono/node-server/conninfo";
import { MemoryMetrics } from "../adapters/embedded/memory-metrics.ts";
import { holderName, ownProcess } from "../adapters/embedded/process-ref.ts";
import { replay } from "../adapters/embedded/relay-metrics.ts";
import { createApi } from "../api/app.ts";
import { ensureFirstAdmin, newAdmin } from "../api/access/first-admin.ts";
import type { Knobs } from "../core/knobs.ts";
import { reapWorkers, type WorkerRemains } from "../core/services/reap-workers.ts";
import { Scheduler } from "../core/services/scheduler.ts";
import { killLeftovers } from "../worker/executors/kill-leftovers.ts";
import { allowedTargets } from "../adapters/http-rules/allowed-targets.ts";
import { checkHeaders } from "../adapters/http-rules/header-rules.ts";
import { checkUrl } from "../adapters/http-rules/target-guard.ts";
import { openEngine } from "../adapters/embedded/engine.ts";
import { runEngineLoop } from "./engine-loop.ts";
import { eventLog } from "./event-log.ts";
import { listen } from "./listen.ts";
import { writeLocalAccess } from "./local-access.ts";
import { ProcessFleet } from "./process-fleet.ts";
import { pruneLogs } from "./prune-logs.ts";
import { Reaper } from "./reaper.ts";

export interface ServerOptions {
  readonly folder: string;
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  /** Worker processes of the pool `default`. */
  readonly workers: number;
  /** Attempts at the same time, of each worker. */
  readonly slots: number;
  readonly handlersFolder?: string;
  /** Targets that HTTP jobs may call although they are private: `host:port` for every namespace, or `namespace=host:port`. */
  readonly allow: readonly string[];
  /** Makes another admin token, for an owner of the folder who has lost the first. */
  readonly newAdminToken?: boolean;
  readonly knobs?: Partial<Knobs>;
  /** Where events are told, a line of JSON each. @default standard error */
  readonly write?: (line: string) => void;
}

export interface RunningServer {
  readonly url: string;
  /** The first admin token, when this start has made it. */
  readonly firstToken: string | undefined;
  readonly fleet: ProcessFleet;
  /** Resolves when everything has ended in order: no request cut, no attempt lost. */
  close(): Promise<void>;
}

/** Least time between two slots on one machine. */
const MIN_INTERVAL_MS = 200;
const DRAIN_MS = 20_000;
const READY_WITHIN_MS = 10_000;
const LOG_DAYS = 30;
/** Name of the tokens that the owner of the data folder makes. */
const ADMIN_BY_FLAG = "admin of the data folder's owner";

/** Starts the whole product on one machine: API, scheduler, worker processes, over one data folder. */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const folder = resolve(options.folder);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const events = eventLog(options.write);
  const metrics = new MemoryMetrics();
  const engine = openEngine({ folder, metrics, ...(options.knobs === undefined ? {} : { knobs: options.knobs }) });
  const { core, logs } = engine;
  const stopping = new AbortController();

  const scheduler = new Scheduler(core, {
    id: `server-${randomUUID().slice(0, 8)}`,
    process: ownProcess(),
    onError: (error) => events.error("scheduler", error),
    signal: stopping.signal,
  });
  const remains: WorkerRemains = {
    async clearAway(worker) {
      const { confirmed, evidence } = await killLeftovers({ workerId: worker.id });
      if (!confirmed) events.warn("leftovers", { worker: worker.id, evidence });
      await rm(join(folder, "work", worker.id), { recursive: true, force: true });
    },
    async releaseMessages(gone) {
      await engine.store.queue.releaseHeldBy(holderName(gone));
    },
  };
  const reaper = new Reaper({
    clock: core.clock,
    reap: () => reapWorkers(core, remains),
    onReaped: (worker) => events.warn("worker reaped", { worker }),
    onError: (error) => events.error("reaper", error),
  });
  const fleet = new ProcessFleet({
    workerArguments: workerArguments(folder, options),
    onLost: (workerId) => {
      events.warn("worker lost", { worker: workerId });
      reaper.soon();
    },
    onMetrics: (report) => replay(report, metrics),
    onError: (error) => events.error("fleet", error),
  });
  const allowed = allowedTargets(options.allow);
  const app = createApi({
    core,
    logs,
    limits: {
      minIntervalMs: MIN_INTERVAL_MS,
      targetProblem: (url, namespace) => checkUrl(url, allowed(namespace))?.rule,
      headerProblem: checkHeaders,
    },
    renderMetrics: () => metrics.renderPrometheus(),
    health: () => {
      const { shards, lastRoundMs } = scheduler.state();
      const lastRoundAgeMs = core.clock.monotonicMs() - lastRoundMs;
      return Promise.resolve({ ready: lastRoundAgeMs < READY_WITHIN_MS, scheduler: { shards, lastRoundAgeMs } });
    },
    logger: (event) => (event.event === "request" ? events.info("request", event) : events.failure(event)),
    clientAddress: (context) => getConnInfo(context).remote.address,
  });
  const { server, port } = await listen(app.fetch, options);
  // Not before we listen: a start that fails must not use up the one token that is shown.
  const firstToken =
    options.newAdminToken === true ? await newAdmin(core, ADMIN_BY_FLAG) : await ensureFirstAdmin(core);
  const url = `http://${options.host.includes(":") ? `[${options.host}]` : options.host}:${port}`;
  writeLocalAccess(folder, { url, token: firstToken });

  const scheduling = scheduler.run();
  const reaping = reaper.run(stopping.signal);
  const carrying = runEngineLoop(core, {
    onError: (error) => events.error("workflows", error),
    signal: stopping.signal,
  });
  await fleet.resize("default", options.workers);
  const pruning = pruneLogs({
    prune: (beforeMs) => logs.prune(beforeMs),
    clock: core.clock,
    keepDays: LOG_DAYS,
    onError: (error) => events.error("logs", error),
    signal: stopping.signal,
  });
  events.info("started", { url, folder, workers: options.workers, slots: options.slots });

  return {
    url,
    firstToken,
    fleet,
    async close() {
      server.close();
      stopping.abort();
      await Promise.all([scheduling, reaping, carrying, pruning, fleet.close({ graceMs: DRAIN_MS + 10_000 })]);
      server.closeAllConnections();
      await engine.close();
      events.info("stopped", {});
    },
  };
}

function workerArguments(folder: string, { slots, handlersFolder, allow }: ServerOptions): readonly string[] {
  return [
    "--data",
    folder,
    "--slots",
    String(slots),
    "--drain-ms",
    String(DRAIN_MS),
    ...(handlersFolder === undefined ? [] : ["--handlers", resolve(handlersFolder)]),
    ...allow.flatMap((rule) => ["--allow", rule]),
  ];
}
