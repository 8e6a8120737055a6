import { randomUUID } from "node:crypto";
import { holderName, ownProcess } from "../adapters/embedded/process-ref.ts";
import { isEnded } from "../core/run/run.ts";
import { defineJob } from "../core/services/define-job.ts";
import { reapWorkers } from "../core/services/reap-workers.ts";
import { Scheduler } from "../core/services/scheduler.ts";
import { MAX_TRIGGERED, triggerRuns } from "../core/services/trigger-runs.ts";
import { type Engine, openEngine } from "../adapters/embedded/engine.ts";
import { createExecutors } from "../worker/executors/executors.ts";
import type { HandlerContext } from "../worker/executors/handler-context.ts";
import { Worker } from "../worker/worker.ts";
import { runEngineLoop } from "../server/engine-loop.ts";
import { CarillonWorkflows, STEP_MODULE } from "./carillon-workflows.ts";
import type { BenchCron, BenchHandler, BenchJob, Peer, PeerContext, Session, Settings, Variant } from "./peer.ts";

interface CarillonSettings {
  readonly durability: "full" | "normal";
  /** Attempts at the same time. */
  readonly slots: number;
  /** What the store is filled with: one-off runs of one job, or jobs with a schedule of their own. */
  readonly fillWith: "runs" | "jobs";
}

const NAMESPACE = "bench";
const ONE_OFF = "one-off";
const CRON_PREFIX = "cron-";
const LIMITS = { minIntervalMs: 200 };
const REAP_MS = 2_000;
const DRAIN_MS = 5_000;
const DEFINITIONS_AT_ONCE = 200;

/** Carillon in one process: engine, scheduler and worker, with handlers that run inline. */
export const carillon: Peer = {
  name: "carillon",
  needs: undefined,
  packages: [],
  smallestCron: "second",
  hasWorkflows: true,
  insertsPerSecond: 4_000,
  variants: {
    "": variant({ durability: "full", fillWith: "runs" }),
    normal: variant({ durability: "normal", fillWith: "runs" }),
    jobs: variant({ durability: "full", fillWith: "jobs" }),
  },
  open: (context) => CarillonSession.open(context),
};

function variant({ durability, fillWith }: Omit<CarillonSettings, "slots">): Variant {
  const settings = (slots: number): Settings => ({ durability, fillWith, slots });
  return {
    durability:
      durability === "full"
        ? "SQLite, WAL, synchronous = FULL: an fsync for each group of writes"
        : "SQLite, WAL, synchronous = NORMAL: no fsync on commit",
    survivesPowerLoss: durability === "full",
    settings: { throughput: settings(500), latency: settings(500), recurring: settings(500), crash: settings(20) },
  };
}

class CarillonSession implements Session {
  readonly workflows: CarillonWorkflows;
  readonly #engine: Engine;
  readonly #context: PeerContext;
  readonly #settings: CarillonSettings;
  readonly #stopping = new AbortController();
  readonly #running: Promise<void>[] = [];
  #worker: Worker | undefined;

  static async open(context: PeerContext): Promise<CarillonSession> {
    const settings = context.settings as CarillonSettings & Settings;
    const engine = openEngine({ folder: context.folder, durability: settings.durability });
    await defineJob(
      engine.core,
      NAMESPACE,
      { name: ONE_OFF, overlap: "allow", executor: { type: "handler", module: ONE_OFF, inline: true } },
      { limits: LIMITS },
    );
    return new CarillonSession(engine, context, settings);
  }

  private constructor(engine: Engine, context: PeerContext, settings: CarillonSettings) {
    this.workflows = new CarillonWorkflows(engine.core, NAMESPACE);
    this.#engine = engine;
    this.#context = context;
    this.#settings = settings;
    const scheduler = new Scheduler(engine.core, {
      id: `scheduler-${randomUUID().slice(0, 8)}`,
      process: ownProcess(),
      onError: context.onError,
      signal: this.#stopping.signal,
    });
    this.#running.push(scheduler.run());
  }

  async insert(jobs: readonly BenchJob[]): Promise<void> {
    for (let i = 0; i < jobs.length; i += MAX_TRIGGERED) {
      const requests = jobs.slice(i, i + MAX_TRIGGERED).map(requestOf);
      await triggerRuns(this.#engine.core, NAMESPACE, ONE_OFF, { requests });
    }
  }

  async insertOne(job: BenchJob): Promise<void> {
    await triggerRuns(this.#engine.core, NAMESPACE, ONE_OFF, { requests: [requestOf(job)] });
  }

  startWorker(handler: BenchHandler): Promise<void> {
    const { core, logs } = this.#engine;
    const { onError } = this.#context;
    const id = `worker-${randomUUID().slice(0, 8)}`;
    const oneOff = ({ parameters, slot }: HandlerContext): void | Promise<void> =>
      handler(Number(parameters["i"]), slot.dueAt.getTime());
    const cron = ({ job, slot }: HandlerContext): void | Promise<void> =>
      handler(Number(job.slice(CRON_PREFIX.length)), slot.dueAt.getTime());
    const step = ({ parameters }: HandlerContext): void | Promise<void> =>
      handler(Number(parameters["i"]) * this.workflows.stepsEach + Number(parameters["step"]), undefined);
    this.#worker = new Worker(core, {
      id,
      pool: "default",
      slots: this.#settings.slots,
      process: ownProcess(),
      drainMs: DRAIN_MS,
      executor: createExecutors({ workerId: id, handlers: { [ONE_OFF]: oneOff, [STEP_MODULE]: step, cron } }),
      logs,
      onError,
    });
    const carrying = runEngineLoop(core, { onError, signal: this.#stopping.signal });
    this.#running.push(this.#worker.run(), this.#reap(), carrying);
    return Promise.resolve();
  }

  addCrons(crons: readonly BenchCron[]): Promise<void> {
    return this.#define(
      crons.map(({ i, everyS }) => ({
        name: `${CRON_PREFIX}${i}`,
        schedule: { cron: CRON_EVERY[everyS] },
        overlap: "allow",
        executor: { type: "handler", module: "cron", inline: true },
      })),
    );
  }

  /** Messages, not runs: a message goes only when its run has ended, and counting them costs next to nothing. */
  async remaining(): Promise<number> {
    const { visible, delayed, inFlight } = await this.#engine.core.queue.depth("default.normal");
    return visible + delayed + inFlight;
  }

  async unfinished(): Promise<number> {
    let open = 0;
    let after: string | undefined;
    do {
      const page = await this.#engine.core.runs.page(
        { namespace: NAMESPACE, name: ONE_OFF },
        { limit: LEDGER_PAGE, after },
      );
      open += page.rows.filter((row) => "run" in row && !isEnded(row.run)).length;
      after = page.next;
    } while (after !== undefined);
    return open;
  }

  async fill(dueAtMs: readonly number[], offset: number): Promise<void> {
    if (this.#settings.fillWith === "runs") {
      await this.insert(dueAtMs.map((atMs) => ({ i: -1, dueAtMs: atMs })));
      return;
    }
    await this.#define(
      dueAtMs.map((atMs, index) => ({
        name: `far-${offset + index}`,
        schedule: { at: new Date(atMs).toISOString() },
        executor: { type: "handler", module: "cron", inline: true },
      })),
    );
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#worker?.drain();
    await Promise.all(this.#running);
    await this.#engine.close();
  }

  async #define(definitions: readonly Parameters<typeof defineJob>[2][]): Promise<void> {
    for (let i = 0; i < definitions.length; i += DEFINITIONS_AT_ONCE) {
      const some = definitions.slice(i, i + DEFINITIONS_AT_ONCE);
      await Promise.all(
        some.map((definition) => defineJob(this.#engine.core, NAMESPACE, definition, { limits: LIMITS })),
      );
    }
  }

  /** As the server does: dead workers are looked for at the start and every now and then. Inline handlers leave nothing behind. */
  async #reap(): Promise<void> {
    const { core, store } = this.#engine;
    while (!this.#stopping.signal.aborted) {
      await reapWorkers(core, {
        clearAway: () => Promise.resolve(),
        releaseMessages: async (gone) => {
          await store.queue.releaseHeldBy(holderName(gone));
        },
      }).catch(this.#context.onError);
      await core.clock.sleep(REAP_MS, this.#stopping.signal);
    }
  }
}

const LEDGER_PAGE = 1_000;
const CRON_EVERY = { 1: "* * * * * *", 2: "*/2 * * * * *", 60: "* * * * *" } as const;

function requestOf({ i, dueAtMs }: BenchJob) {
  return { parameters: { i }, ...(dueAtMs === 0 ? {} : { atMs: dueAtMs }) };
}
