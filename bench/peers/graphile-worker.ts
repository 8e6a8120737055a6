import {
  Logger,
  makeWorkerUtils,
  parseCronItems,
  run,
  type Runner,
  WorkerPreset,
  type WorkerUtils,
} from "graphile-worker";
import pg from "pg";
import type { BenchCron, BenchHandler, BenchJob, Peer, PeerContext, Session, Settings, Variant } from "../peer.ts";

const BATCH = 1_000;
const BUSY = { concurrentJobs: 100, maxPoolSize: 10, localQueue: { size: 2_000 }, completeJobBatchDelay: 10 };

function variant(synchronousCommit: "on" | "off"): Variant {
  return {
    durability: `PostgreSQL, fsync = on, synchronous_commit = ${synchronousCommit}`,
    survivesPowerLoss: synchronousCommit === "on",
    server: { synchronousCommit },
    settings: {
      throughput: { worker: { ...BUSY, pollInterval: 2_000 } },
      latency: { worker: { ...BUSY, pollInterval: 2 } },
      recurring: { worker: { ...BUSY, pollInterval: 100 } },
      crash: { worker: { concurrentJobs: 20, maxPoolSize: 10, pollInterval: 500 }, unlockAtStart: true },
    },
  };
}

/** Graphile Worker on PostgreSQL. It deletes completed jobs. */
export const peer: Peer = {
  name: "graphile-worker",
  needs: "postgres",
  packages: ["graphile-worker", "pg"],
  smallestCron: "minute",
  insertsPerSecond: 4_000,
  variants: { "": variant("on"), async: variant("off") },
  async open(context) {
    const worker = {
      connectionString: context.postgresUrl,
      logger: new Logger(() => () => {}),
      ...(context.settings.worker as Settings),
    };
    const preset = { extends: [WorkerPreset], worker };
    const utils = await makeWorkerUtils({ preset });
    await utils.migrate();
    const side = new pg.Client({ connectionString: context.postgresUrl });
    await side.connect();
    return new GraphileSession({ preset, utils, side, context });
  },
};

interface Parts {
  readonly preset: NonNullable<Parameters<typeof run>[0]["preset"]>;
  readonly utils: WorkerUtils;
  readonly side: pg.Client;
  readonly context: PeerContext;
}

interface Payload {
  readonly i: number;
  readonly dueAtMs?: number;
  readonly _cron?: { readonly ts: string };
}

class GraphileSession implements Session {
  /** The crontab is given to the runner when it is started. */
  readonly cronsFirst = true;
  readonly #parts: Parts;
  #runner: Runner | undefined;
  #crons: readonly BenchCron[] = [];

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  async insert(jobs: readonly BenchJob[]): Promise<void> {
    for (let i = 0; i < jobs.length; i += BATCH) {
      await this.#parts.utils.addJobs(
        jobs.slice(i, i + BATCH).map((job) => ({ identifier: "bench", payload: job, ...startOf(job) })),
      );
    }
  }

  async insertOne(job: BenchJob): Promise<void> {
    await this.#parts.utils.addJob("bench", job, startOf(job));
  }

  async startWorker(handler: BenchHandler): Promise<void> {
    const { preset, context } = this.#parts;
    if (context.settings.unlockAtStart === true) await this.#unlock();
    const items = this.#crons.map(({ i }) => ({
      match: "* * * * *",
      task: "bench",
      identifier: `c${i}`,
      payload: { i },
      options: { backfillPeriod: 0 },
    }));
    this.#runner = await run({
      preset,
      noHandleSignals: true,
      parsedCronItems: parseCronItems(items),
      taskList: {
        bench: (payload) => {
          const { i, dueAtMs, _cron } = payload as Payload;
          return handler(i, _cron === undefined ? dueAtMs : Date.parse(_cron.ts));
        },
      },
    });
    this.#runner.promise.catch(context.onError);
  }

  async addCrons(crons: readonly BenchCron[]): Promise<void> {
    this.#crons = crons;
  }

  async remaining(): Promise<number> {
    const { rows } = await this.#parts.side.query("SELECT count(*)::int AS count FROM graphile_worker._private_jobs");
    return rows[0].count;
  }

  async stop(): Promise<void> {
    await this.#runner?.stop().catch(() => undefined);
    await this.#parts.utils.release();
    await this.#parts.side.end();
  }

  /** The documented recovery by hand: on one machine, every lock that is found at the start belongs to a dead worker. */
  async #unlock(): Promise<void> {
    const { side, utils } = this.#parts;
    const { rows } = await side.query(
      "SELECT DISTINCT locked_by FROM graphile_worker.jobs WHERE locked_by IS NOT NULL",
    );
    if (rows.length > 0) await utils.forceUnlockWorkers(rows.map((row) => row.locked_by));
  }
}

function startOf({ dueAtMs }: BenchJob): { runAt?: Date } {
  return dueAtMs === 0 ? {} : { runAt: new Date(dueAtMs) };
}
