import { parseArgs } from "node:util";
import { AWS_KNOBS } from "../core/knobs.ts";
import type { Queue } from "../core/ports/queue.ts";
import { decodeMessage, type RunMessage } from "../core/run/message.ts";
import { stampAtMs } from "../core/run/run-id.ts";
import type { EndedRun } from "../core/run/run.ts";
import { type Core, createCore } from "../core/services/core.ts";
import { defineJob } from "../core/services/define-job.ts";
import { tick } from "../core/services/tick.ts";
import { ManualClock } from "../test/support/manual-clock.ts";
import { MemoryTable } from "../test/support/memory-table.ts";
import { CountingIds, SeededRandom } from "../test/support/seeded-random.ts";

/**
 * What one tick costs of our own making: over a table and a queue in memory that answer at once, so that no adapter, wire
 * or service is in the figures. Each round is one tick at which every job is due once (`once an hour`), or for all slots
 * of the look-ahead (`once a minute`).
 */
const { values } = parseArgs({
  options: { jobs: { type: "string", default: "20000" }, rounds: { type: "string", default: "5" } },
});
const jobs = Number(values.jobs);
const rounds = Number(values.rounds);
const START_MS = Date.UTC(2026, 0, 5, 10);
const HOUR_MS = 3_600_000;

for (const [name, cron, periodMs] of [
  ["once an hour", "0 * * * *", HOUR_MS],
  ["once a minute", "* * * * *", AWS_KNOBS.lookAheadMs + AWS_KNOBS.leadMs],
] as const) {
  process.stdout.write(`${JSON.stringify(await measure(name, cron, periodMs))}\n`);
}

async function measure(name: string, cron: string, periodMs: number) {
  const clock = new ManualClock(START_MS + 1);
  const sent: string[] = [];
  const metrics = { count: () => undefined, observe: () => undefined, gauge: () => undefined };
  const core = createCore(
    {
      table: new MemoryTable(),
      queue: countingQueue(sent),
      clock,
      random: new SeededRandom(1),
      ids: new CountingIds(),
      metrics,
    },
    AWS_KNOBS,
  );
  const executor = { type: "command" as const, argv: ["true"] };
  for (let index = 0; index < jobs; index += 1) {
    const name = `job-${index}`;
    await defineJob(
      core,
      "default",
      { name, executor, schedule: { cron }, overlap: "allow" },
      { limits: { minIntervalMs: 1_000 } },
    );
  }

  const perRunUs: number[] = [];
  const runsPerSecond: number[] = [];
  for (let round = 0; round <= rounds; round += 1) {
    await clock.advance(periodMs);
    await end(core, sent.splice(0));
    const cpu = process.cpuUsage();
    const begunMs = performance.now();
    const nowMs = clock.nowMs();
    const report = await tick(core, { scheduledAtMs: nowMs, deadlineMs: nowMs + HOUR_MS, onError: fail });
    const { user, system } = process.cpuUsage(cpu);
    if (report.kind !== "done" || sent.length === 0) throw new Error(`Cannot measure: ${JSON.stringify(report)}`);
    // The first round compiles the code.
    if (round === 0) continue;
    perRunUs.push((user + system) / sent.length);
    runsPerSecond.push((sent.length * 1_000) / (performance.now() - begunMs));
  }
  return { name, jobs, runs: sent.length, cpuPerRunUs: median(perRunUs), runsPerSecond: median(runsPerSecond) };
}

/** Gives the runs of messages their rows, as workers would: a tick looks for those of the slots that it rang for before. */
async function end(core: Core, bodies: readonly string[]): Promise<void> {
  for (const body of bodies) {
    const message = decodeMessage(body);
    if (message !== undefined) await core.runs.put(endedRun(message, core.clock.nowMs()), "any");
  }
}

function endedRun({ namespace, job, stamp, version = 1, dueAtMs }: RunMessage, nowMs: number): EndedRun {
  return {
    status: "succeeded",
    namespace,
    job,
    stamp,
    version,
    cause: "slot",
    slotAtMs: stampAtMs(stamp),
    dueAtMs,
    createdAtMs: nowMs,
    endedAtMs: nowMs,
    pool: "default",
    priority: "normal",
    epoch: nowMs,
    attempt: 1,
    charged: 1,
    attempts: [{ attempt: 1, epoch: nowMs, worker: "w", startedAtMs: nowMs, endedAtMs: nowMs, outcome: "succeeded" }],
  };
}

function none(): Promise<never[]> {
  return Promise.resolve([]);
}

function countingQueue(sent: string[]): Queue {
  return {
    send: (_, messages) => {
      sent.push(...messages.map(({ body }) => body));
      return Promise.resolve([]);
    },
    receive: none,
    deadLetters: none,
    extend: () => Promise.resolve(),
    delete: () => Promise.resolve(),
    redrive: () => Promise.resolve(0),
    depth: () => Promise.resolve({ visible: 0, delayed: 0, inFlight: 0, deadLetters: 0, oldestAgeMs: 0 }),
  };
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return Math.round(sorted[Math.floor(sorted.length / 2)] ?? Number.NaN);
}

function fail(error: unknown): never {
  throw error;
}
