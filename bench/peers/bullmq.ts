import { type Job, Queue, Worker } from "bullmq";
import type { BenchCron, BenchHandler, BenchJob, Peer, PeerContext, Session, Variant } from "../peer.ts";

const BATCH = 1_000;
const SCHEDULERS_AT_ONCE = 50;

function variant(durability: string, server: NonNullable<Variant["server"]>): Variant {
  return {
    durability,
    survivesPowerLoss: server.appendfsync === "always",
    server,
    settings: {
      throughput: { concurrency: 100 },
      latency: { concurrency: 100 },
      recurring: { concurrency: 100 },
      crash: { concurrency: 20, lockDuration: 5_000, stalledInterval: 5_000 },
    },
  };
}

/** BullMQ on Redis. Completed jobs are removed, as its documentation advises for production. */
export const peer: Peer = {
  name: "bullmq",
  needs: "redis",
  packages: ["bullmq", "ioredis"],
  smallestCron: "second",
  insertsPerSecond: 4_000,
  variants: {
    "": variant("Redis, AOF, appendfsync = everysec: up to a second may be lost", { appendfsync: "everysec" }),
    always: variant("Redis, AOF, appendfsync = always", { appendfsync: "always" }),
    // Redis serves blocking time-outs from its timer, ten times a second unless told otherwise.
    hz500: variant("Redis, AOF, appendfsync = everysec; hz = 500", { appendfsync: "everysec", hz: 500 }),
  },
  async open(context) {
    const connection = { host: "127.0.0.1", port: context.redisPort, maxRetriesPerRequest: null };
    const queue = new Queue("bench", {
      connection,
      defaultJobOptions: { removeOnComplete: true, removeOnFail: 1_000 },
    });
    queue.on("error", context.onError);
    await queue.waitUntilReady();
    return new BullmqSession(queue, connection, context);
  },
};

class BullmqSession implements Session {
  readonly #queue: Queue;
  readonly #connection: { host: string; port: number };
  readonly #context: PeerContext;
  #worker: Worker | undefined;

  constructor(queue: Queue, connection: { host: string; port: number }, context: PeerContext) {
    this.#queue = queue;
    this.#connection = connection;
    this.#context = context;
  }

  async insert(jobs: readonly BenchJob[]): Promise<void> {
    for (let i = 0; i < jobs.length; i += BATCH) await this.#queue.addBulk(jobs.slice(i, i + BATCH).map(specOf));
  }

  async insertOne(job: BenchJob): Promise<void> {
    const { name, data, opts } = specOf(job);
    await this.#queue.add(name, data, opts);
  }

  async startWorker(handler: BenchHandler): Promise<void> {
    const process = async (job: Job): Promise<void> => handler(job.data.i, dueAtMsOf(job));
    this.#worker = new Worker("bench", process, { connection: this.#connection, ...this.#context.settings });
    this.#worker.on("error", this.#context.onError);
    await this.#worker.waitUntilReady();
  }

  async addCrons(crons: readonly BenchCron[]): Promise<void> {
    for (let k = 0; k < crons.length; k += SCHEDULERS_AT_ONCE) {
      const some = crons.slice(k, k + SCHEDULERS_AT_ONCE);
      await Promise.all(
        some.map(({ i, everyS }) =>
          this.#queue.upsertJobScheduler(
            `s${i}`,
            { pattern: everyS === 60 ? "* * * * *" : `*/${everyS} * * * * *` },
            { name: "cron", data: { i } },
          ),
        ),
      );
    }
  }

  async remaining(): Promise<number> {
    const counts = await this.#queue.getJobCounts("waiting", "active", "delayed", "prioritized");
    return Object.values(counts).reduce((sum, count) => sum + count, 0);
  }

  async stop(): Promise<void> {
    await this.#worker?.close(true);
    await this.#queue.close();
  }
}

function specOf({ i, dueAtMs }: BenchJob) {
  const timestamp = Date.now();
  const opts = dueAtMs === 0 ? {} : { timestamp, delay: Math.max(0, dueAtMs - timestamp) };
  return { name: "one-off", data: { i, dueAtMs }, opts };
}

/** The id of a scheduler's job ends in the instant that it is for: `repeat:<key>:<milliseconds>`. */
function dueAtMsOf(job: Job): number {
  if (job.name !== "cron") return job.data.dueAtMs;
  return Number(job.id?.slice(job.id.lastIndexOf(":") + 1));
}
