import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { SQSClient } from "@aws-sdk/client-sqs";
import { sqsClientConfig } from "../../adapters/aws/sqs-client-config.ts";
import { SqsQueue } from "../../adapters/aws/sqs-queue.ts";
import { SqliteStore } from "../../adapters/embedded/sqlite-store.ts";
import { SystemClock } from "../../adapters/shared/system-clock.ts";
import { SystemRandom } from "../../adapters/shared/system-random.ts";
import type { Worker } from "../../api/contract/pool.ts";
import type { CarillonClient } from "../../client/sdk/client.ts";
import type { Queue } from "../../core/ports/queue.ts";
import { Cloud } from "../cloud/host/cloud.ts";
import { jsonError } from "../cloud/host/aws-front.ts";
import { type Platform, startPlatform } from "./platform.ts";

/** The whole product, running in one of its two forms; what a test sees of it and may do to it. */
export interface Body {
  readonly url: string;
  /** Of an admin. */
  readonly client: CarillonClient;
  /** The queues, past the product. */
  readonly queue: Queue;
  /** Kills a worker with SIGKILL, and what it has started as far as the body's platform does. */
  killWorker(worker: Worker): void;
  /** Ends the scheduler in the midst of its work, as a crash does; it comes back as it does by itself. */
  crashScheduler(): Promise<void>;
  /** Three schedulers look for what is due at the same time from now on. @returns ends it */
  crowdScheduler(): Promise<() => Promise<void>>;
  stop(): Promise<void>;
}

/** Modules of handler jobs. */
const HANDLERS = fileURLToPath(new URL("../platform/handlers", import.meta.url));
/** Schedule of the tick. */
const TICK = "carillon-tick";
const CROWD_REST_MS = 500;
/** Where tests answer http jobs. */
const ALLOWED = "127.0.0.1";

/** Both bodies, for `describe.each`. */
export const BODIES = [
  { name: "embedded", start: startEmbedded },
  { name: "AWS", start: startAws },
] as const;

/** @param options.isAsleep - no worker runs; on AWS none does until a run is rung for, anyhow */
async function startEmbedded({ isAsleep = false }: { readonly isAsleep?: boolean } = {}): Promise<Body> {
  const folder = mkdtempSync(join(tmpdir(), "carillon-platform-"));
  const options = { workers: isAsleep ? 0 : 2, flags: ["--handlers", HANDLERS, "--allow", ALLOWED] };
  let platform = await startPlatform(folder, options);
  const { url, client } = platform;
  const store = SqliteStore.open({ folder, durability: "normal", checkpoint: false });
  return {
    url,
    client,
    queue: store.queue,
    killWorker: ({ pid }) => void process.kill(pid ?? Number.NaN, "SIGKILL"),
    async crashScheduler() {
      await platform.kill();
      const flags = [...options.flags, "--port", new URL(url).port];
      platform = await startPlatform(folder, { ...options, flags });
    },
    async crowdScheduler() {
      const others: Platform[] = [];
      for (let count = 1; count < 3; count += 1) others.push(await startPlatform(folder, { ...options, workers: 0 }));
      return async () => {
        await Promise.all(others.map((other) => other.stop()));
      };
    },
    async stop() {
      await platform.stop();
      await store.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function startAws(): Promise<Body> {
  const cloud = await Cloud.start({
    configuration: { allow: [ALLOWED] },
    handlersFolder: HANDLERS,
  });
  const sqs = new SQSClient({ ...sqsClientConfig(), ...cloud.clientSettings() });
  return {
    url: cloud.url,
    client: await cloud.client(),
    queue: new SqsQueue({
      client: sqs,
      urlPrefix: cloud.queueUrlPrefix,
      clock: new SystemClock(),
      random: new SystemRandom(),
    }),
    killWorker: ({ id }) => void cloud.cluster.kill(id),
    /** The tick ends when it has sent messages and not yet moved the entries that they are from. */
    async crashScheduler() {
      const tick = cloud.function("tick");
      await new Promise<void>((resolve) => {
        cloud.front.setFault(({ operation }, caller) => {
          if (caller !== tick.name || operation !== "BatchWriteItem") return undefined;
          cloud.front.setFault(undefined);
          void tick.killBusy().then(() => resolve());
          return jsonError(503, "ServiceUnavailable", "The function has gone");
        });
      });
    },
    crowdScheduler() {
      const dispersing = new AbortController();
      const crowding = crowd(cloud, dispersing.signal);
      return Promise.resolve(async () => {
        dispersing.abort();
        await crowding;
      });
    },
    async stop() {
      sqs.destroy();
      await cloud.close();
      const [refusal] = cloud.front.refusals;
      // Every suite is a test of the roles too: they must allow all that the product does.
      if (refusal !== undefined)
        throw new Error(
          `${refusal.caller} may not ${refusal.action} on ${refusal.resource}: its role does not allow it`,
        );
    },
  };
}

/** Wakes three ticks at once, again and again. */
async function crowd(cloud: Cloud, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const nowMs = Date.now();
    // For different instants, since a wake-up for the same one as another's stands back.
    await Promise.all([0, 1_000, 2_000].map((aheadMs) => cloud.schedules.fire(TICK, nowMs + aheadMs)));
    await setTimeout(CROWD_REST_MS, undefined, { signal }).catch(() => undefined);
  }
}
