import pg from "pg";
import { PgBoss } from "pg-boss";
import type { BenchCron, BenchHandler, BenchJob, Peer, Session, Settings, Variant } from "../peer.ts";

const BATCH = 1_000;

const BUSY = { batchSize: 2_000, localConcurrency: 2, pollingIntervalSeconds: 0.5, burstWhenBatchFull: true };

function variant(synchronousCommit: "on" | "off"): Variant {
  return {
    durability: `PostgreSQL, fsync = on, synchronous_commit = ${synchronousCommit}`,
    survivesPowerLoss: synchronousCommit === "on",
    server: { synchronousCommit },
    settings: {
      throughput: { work: BUSY },
      latency: { work: BUSY },
      recurring: {
        work: { ...BUSY, batchSize: 500 },
        boss: { cronMonitorIntervalSeconds: 1, cronWorkerIntervalSeconds: 1 },
      },
      // The smallest heartbeat it accepts; expiry alone would take 15 minutes.
      crash: {
        work: { ...BUSY, batchSize: 20, localConcurrency: 1 },
        queue: { heartbeatSeconds: 10 },
        boss: { superviseIntervalSeconds: 1, monitorIntervalSeconds: 1 },
      },
    },
  };
}

/** pg-boss on PostgreSQL. It keeps completed jobs. */
export const peer: Peer = {
  name: "pg-boss",
  needs: "postgres",
  packages: ["pg-boss", "pg"],
  smallestCron: "minute",
  insertsPerSecond: 4_000,
  variants: { "": variant("on"), async: variant("off") },
  async open(context) {
    const { work = {}, queue = {}, boss: options = {} } = context.settings as Readonly<Record<string, Settings>>;
    const boss = new PgBoss({ connectionString: context.postgresUrl, max: 10, ...options });
    boss.on("error", context.onError);
    await boss.start();
    await boss.createQueue("bench", queue);
    const side = new pg.Client({ connectionString: context.postgresUrl });
    await side.connect();
    return new PgBossSession(boss, side, work);
  },
};

class PgBossSession implements Session {
  readonly #boss: PgBoss;
  readonly #side: pg.Client;
  readonly #work: Settings;

  constructor(boss: PgBoss, side: pg.Client, work: Settings) {
    this.#boss = boss;
    this.#side = side;
    this.#work = work;
  }

  async insert(jobs: readonly BenchJob[]): Promise<void> {
    for (let i = 0; i < jobs.length; i += BATCH) {
      await this.#boss.insert(
        "bench",
        jobs.slice(i, i + BATCH).map((job) => ({ data: job, ...startOf(job) })),
      );
    }
  }

  async insertOne(job: BenchJob): Promise<void> {
    await this.#boss.send("bench", job, startOf(job));
  }

  async startWorker(handler: BenchHandler): Promise<void> {
    await this.#boss.work("bench", this.#work, async (jobs: { data: { i: number; dueAtMs?: number } }[]) => {
      await Promise.all(jobs.map(({ data }) => handler(data.i, data.dueAtMs)));
    });
  }

  async addCrons(crons: readonly BenchCron[]): Promise<void> {
    for (const { i } of crons) await this.#boss.schedule("bench", "* * * * *", { i }, { key: `k${i}` });
  }

  async remaining(): Promise<number> {
    const { rows } = await this.#side.query(
      "SELECT count(*)::int AS count FROM pgboss.job WHERE name = 'bench' AND state < 'completed'",
    );
    return rows[0].count;
  }

  async stop(): Promise<void> {
    await this.#boss.stop({ graceful: false });
    await this.#side.end();
  }
}

function startOf({ dueAtMs }: BenchJob): { startAfter?: Date } {
  return dueAtMs === 0 ? {} : { startAfter: new Date(dueAtMs) };
}
