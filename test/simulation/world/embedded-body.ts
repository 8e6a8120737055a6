import { createApi } from "../../../api/app.ts";
import type { RunLogs } from "../../../core/ports/run-logs.ts";
import { createCore } from "../../../core/services/core.ts";
import { reapWorkers } from "../../../core/services/reap-workers.ts";
import { Scheduler } from "../../../core/services/scheduler.ts";
import { runEngineLoop } from "../../../server/engine-loop.ts";
import { Reaper } from "../../../server/reaper.ts";
import { Worker } from "../../../worker/worker.ts";
import type { Life } from "../kernel/life.ts";
import { simRunLogs } from "../ports/sim-run-logs.ts";
import type { ApiHost, Body } from "./body.ts";
import { SimProcess } from "./sim-process.ts";
import type { Simulation } from "./simulation.ts";
import { userCode, type UserCodeOptions } from "./user-code.ts";

export interface EmbeddedOptions {
  readonly servers: number;
  readonly workers: number;
  readonly slots: number;
  readonly drainMs: number;
  readonly logs: RunLogs;
  readonly code: UserCodeOptions;
}

const DRAIN_LIMIT_MS = 30_000;

/** The embedded product: servers with scheduler, reaper and API, and workers beside them, all over one table. */
export function embeddedBody(simulation: Simulation, options: EmbeddedOptions): Body {
  const apis: ApiHost[] = [];
  const servers = Array.from({ length: options.servers }, (_, index) => {
    const host: ApiHost = { fetch: undefined, process: undefined };
    apis.push(host);
    const name = `server-${index + 1}`;
    const main = (life: Life, process: SimProcess): Promise<void> =>
      serve(simulation, life, { process, host, options });
    const process = new SimProcess(simulation, { name, main, isRestarted: true });
    host.process = process;
    return process;
  });
  const workers = Array.from({ length: options.workers }, (_, index) => {
    const main = (life: Life, process: SimProcess): Promise<void> => work(simulation, life, { process, options });
    return new SimProcess(simulation, { name: `worker-${index + 1}`, main, isRestarted: true });
  });
  for (const process of [...servers, ...workers]) process.start();
  return {
    schedulers: servers,
    workers: () => workers,
    apis,
    holdWorkersDown: (ms) => workers.forEach((worker) => worker.holdDown(ms)),
    drainLimitMs: DRAIN_LIMIT_MS,
    heal: () => {
      for (const process of [...servers, ...workers]) process.heal();
    },
  };
}

async function serve(
  simulation: Simulation,
  life: Life,
  { process, host, options }: { process: SimProcess; host: ApiHost; options: EmbeddedOptions },
): Promise<void> {
  const core = createCore(simulation.ports(life), simulation.knobs);
  const stopping = new AbortController();
  const onError = (error: unknown): void => simulation.failed(life, error);
  const scheduler = new Scheduler(core, {
    id: life.name,
    process: simulation.processRef(life),
    onError,
    signal: stopping.signal,
  });
  const remains = { releaseMessages: () => Promise.resolve(), clearAway: () => Promise.resolve() };
  const reaper = new Reaper({
    clock: core.clock,
    reap: () => reapWorkers(core, remains),
    onReaped: () => simulation.faults.count("worker reaped"),
    onError,
  });
  const app = createApi({
    core,
    logs: simRunLogs(life, options.logs),
    access: { rateLimits: false },
    limits: { minIntervalMs: 200 },
    health: () => Promise.resolve({ ready: true, scheduler: { shards: [], lastRoundAgeMs: 0 } }),
    logger: simulation.apiLogger(life),
  });
  host.fetch = (request) => app.fetch(request);
  process.onDrain = () => stopping.abort();
  const carrying = runEngineLoop(core, { onError, signal: stopping.signal });
  await Promise.all([scheduler.run(), reaper.run(stopping.signal), carrying]);
}

async function work(
  simulation: Simulation,
  life: Life,
  { process, options }: { process: SimProcess; options: EmbeddedOptions },
): Promise<void> {
  const core = createCore(simulation.ports(life), simulation.knobs);
  const worker = new Worker(core, {
    id: life.name,
    pool: "default",
    slots: options.slots,
    process: simulation.processRef(life),
    drainMs: options.drainMs,
    executor: userCode(life, options.code),
    logs: simRunLogs(life, options.logs),
    onError: (error) => simulation.failed(life, error),
  });
  process.onDrain = () => worker.drain();
  await worker.run();
}
