import { fileURLToPath } from "node:url";
import { setTimeout } from "node:timers/promises";
import type { Run } from "../../api/contract/run.ts";
import type { CarillonClient } from "../../client/sdk/client.ts";
import { AWS_KNOBS } from "../../core/knobs.ts";
import { Cloud } from "./host/cloud.ts";

/**
 * `npm run precision`: how long after they are due runs start on the cloud path, on the real clock: built bundles, emulated
 * services, real worker processes. Exits with 1 when p99 is beyond the goal.
 *
 * The look-ahead is shortened so that a measurement takes a minute; what a run passes through when it is due, and how
 * long before it is handed to a worker (`prefetchMs`), is the product's own.
 */
const RUNS = 1_000;
/** Runs that are asked for with one request. */
const BATCH = 100;
const NEAR_JOBS = 200;
const GOAL_P99_MS = 250;
/** Of the runs, beyond the look-ahead: they are found by a tick. */
const SPREAD_MS = 40_000;
const LOOK_AHEAD_MS = 20_000;
const LEAD_MS = 10_000;
const NAMESPACE = "default";
const NOOP = { type: "handler", module: "noop.ts", inline: true } as const;

const cloud = await Cloud.start({
  configuration: { pools: { default: { cpu: 1_024, memoryMb: 2_048, slots: 100, maxTasks: 1 } } },
  knobs: { lookAheadMs: LOOK_AHEAD_MS, leadMs: LEAD_MS, prefetchMs: AWS_KNOBS.prefetchMs, heartbeatMs: 5_000 },
  handlersFolder: fileURLToPath(new URL("../rig/handlers", import.meta.url)),
});
try {
  const client = await cloud.client();
  await warmUp(client);
  const results = [await oneOffRuns(client), await jobsInsideTheLookAhead(client)];
  for (const { what, lateness } of results) process.stdout.write(`${what}: ${JSON.stringify(lateness)}\n`);
  process.exitCode = results.every(({ lateness }) => lateness.p99Ms <= GOAL_P99_MS) ? 0 : 1;
} finally {
  await cloud.close();
}

/** Workers start with the first run. */
async function warmUp(client: CarillonClient): Promise<void> {
  await client.jobs.put(NAMESPACE, { name: "warm-up", executor: NOOP }, { ifAbsent: true });
  await client.jobs.trigger({ namespace: NAMESPACE, job: "warm-up" });
  await ended(client, "warm-up", 1);
}

/** Runs asked for well ahead, spread evenly. */
async function oneOffRuns(client: CarillonClient) {
  await client.jobs.put(NAMESPACE, { name: "one-off", executor: NOOP, overlap: "allow" }, { ifAbsent: true });
  const firstMs = Date.now() + LOOK_AHEAD_MS + LEAD_MS;
  const requests = Array.from({ length: RUNS }, (_, index) => ({
    at: new Date(firstMs + (index * SPREAD_MS) / RUNS).toISOString(),
  }));
  for (let start = 0; start < RUNS; start += BATCH)
    await client.jobs.triggerMany({ namespace: NAMESPACE, job: "one-off" }, requests.slice(start, start + BATCH));
  return { what: `${RUNS} one-off runs`, lateness: lateness(await ended(client, "one-off", RUNS)) };
}

/** Jobs whose slot is nearer than the next tick would find it: it is dispatched when they are defined. */
async function jobsInsideTheLookAhead(client: CarillonClient) {
  const names = Array.from({ length: NEAR_JOBS }, (_, index) => `near-${index}`);
  for (const name of names) {
    const at = new Date(Date.now() + 3_000).toISOString();
    await client.jobs.put(NAMESPACE, { name, executor: NOOP, schedule: { at } }, { ifAbsent: true });
  }
  const runs: Run[] = [];
  for (const name of names) runs.push(...(await ended(client, name, 1)));
  return { what: `${NEAR_JOBS} jobs defined 3 s ahead`, lateness: lateness(runs) };
}

/** The ended runs of a job, once there are so many. */
async function ended(client: CarillonClient, job: string, count: number): Promise<readonly Run[]> {
  for (;;) {
    const found: Run[] = [];
    for await (const run of client.jobs.runs({ namespace: NAMESPACE, job }, { limit: 1_000 }))
      if (run.endedAt !== undefined) found.push(run);
    if (found.length >= count) return found;
    await setTimeout(1_000);
  }
}

function lateness(runs: readonly Run[]) {
  const sorted = runs
    .map(({ startedAt = "", dueAt }) => Date.parse(startedAt) - Date.parse(dueAt))
    .sort((left, right) => left - right);
  const at = (part: number): number => sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? NaN;
  return { runs: sorted.length, p50Ms: at(0.5), p99Ms: at(0.99), maxMs: at(1) };
}
