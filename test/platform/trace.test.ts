import { afterEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { DynamoTable } from "../../adapters/aws/dynamo-table.ts";
import { SqsQueue } from "../../adapters/aws/sqs-queue.ts";
import type { Queue } from "../../core/ports/queue.ts";
import type { Table } from "../../core/ports/table.ts";
import { PRIORITIES } from "../../core/job/priority.ts";
import { startBackfill } from "../../core/services/backfill.ts";
import { cancelRun } from "../../core/services/cancel-run.ts";
import { pauseJob, resumeJob } from "../../core/services/pause-job.ts";
import { readLedger } from "../../core/services/read-ledger.ts";
import { triggerRuns } from "../../core/services/trigger-runs.ts";
import { openDynalite } from "../support/aws/dynalite.ts";
import { Fauxqs } from "../support/aws/fauxqs.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { SeededRandom } from "../support/seeded-random.ts";
import { openTemporaryStore } from "../support/temporary-store.ts";
import { NAMESPACE, PortsWorld, START_MS } from "../support/world.ts";
import { type TraceEvent, TracedTable } from "./run-trace.ts";

const dynalite = await openDynalite();

/** SQS counts delays and visibility in whole seconds: steps of a second are exact on both bodies. */
const STEP = { stepMs: 1_000 };
const KNOBS = { visibilityMs: 5_000, settleAfterMs: 8_000, prefetchMs: 0 };
const FAILED = { kind: "failed", error: { name: "E", message: "no" } } as const;

/** A clock that takes the machine's `Date` along: the emulator of SQS reads it. */
class DateClock extends ManualClock {
  override async advance(ms: number): Promise<void> {
    await super.advance(ms);
    vi.setSystemTime(this.nowMs());
  }
}

describe("both bodies", () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  it("leave the same trace of the same scenario", async () => {
    const embedded = await play(onSqlite);
    const aws = await play(onAws);

    const kinds = embedded.trace.map(({ subject, what }) => `${subject.split(" ").at(-1)} ${what.split(",")[0]}`);
    expect(kinds).toEqual(expect.arrayContaining(["slot skipped (overlap)", "slot retrying", "manual cancelled"]));
    expect(kinds).toEqual(expect.arrayContaining(["gap paused to 29999", "backfill succeeded"]));
    expect(embedded.trace.map(({ what }) => what)).toContainEqual(
      expect.stringMatching(/^running, attempt 2.* by w2$/),
    );
    expect(aws.trace).toEqual(embedded.trace);
    expect(aws.ledgers).toEqual(embedded.ledgers);
    expect(embedded.ledgers.every(({ unexplained }) => unexplained === 0)).toBe(true);
  });
});

type Ports = { readonly table: Table; readonly queue: Queue };

function onSqlite(clock: ManualClock): Promise<Ports> {
  return Promise.resolve(openTemporaryStore({ clock }));
}

async function onAws(clock: ManualClock): Promise<Ports> {
  const fauxqs = new Fauxqs();
  onTestFinished(() => fauxqs.close());
  await fauxqs.createQueues(PRIORITIES.map((priority) => `default-${priority}`));
  const { urlPrefix } = fauxqs;
  return {
    table: new DynamoTable({ client: dynalite.client(), tableName: dynalite.tableName }),
    queue: new SqsQueue({ client: fauxqs.client(), urlPrefix, clock, random: new SeededRandom(1) }),
  };
}

/** Two minutes with everything that can befall a run, by one scheduler and one worker after the other. */
async function play(open: (clock: ManualClock) => Promise<Ports>) {
  vi.useFakeTimers({ toFake: ["Date"], now: START_MS });
  const clock = new DateClock(START_MS);
  const { table, queue } = await open(clock);
  const traced = new TracedTable(table, clock);
  const world = new PortsWorld({ clock, table: traced, queue }, { knobs: KNOBS });
  world.behave = (run) => {
    if (run.job === "long") return { takesMs: 7_000, result: { kind: "succeeded" } };
    if (run.job === "unlucky") return { takesMs: 1_000, result: FAILED };
    return { takesMs: 1_000, result: { kind: "succeeded" } };
  };
  const retry = { maxAttempts: 3, backoff: { initial: "2s", factor: 2, jitter: "none" } } as const;
  await world.define({ name: "beat", schedule: { cron: "*/2 * * * * *" }, overlap: "allow" });
  await world.define({ name: "long", schedule: { cron: "*/5 * * * * *" }, overlap: "skip" });
  await world.define({ name: "unlucky", schedule: { cron: "*/20 * * * * *" }, retry });
  await world.define({ name: "shy", concurrency: [{ limit: 1 }] });
  await world.advance(20_000, STEP);
  await pauseJob(world.core, NAMESPACE, "beat", {});
  await triggerRuns(world.core, NAMESPACE, "shy", { requests: [{}, {}, { atMs: clock.nowMs() + 5_000 }] });
  await world.advance(10_000, STEP);
  world.killWorker();
  world.addWorker();
  await resumeJob(world.core, NAMESPACE, "beat", { missed: "last" });
  await world.advance(20_000, STEP);
  const [doomed] = await triggerRuns(world.core, NAMESPACE, "shy", { requests: [{ atMs: clock.nowMs() + 9_000 }] });
  await world.advance(3_000, STEP);
  if (doomed !== undefined) await cancelRun(world.core, doomed, { by: "test" });
  await startBackfill(world.core, NAMESPACE, "beat", {
    fromMs: START_MS - 10_000,
    toMs: START_MS,
    concurrency: 2,
    by: "test",
  });
  await world.advance(67_000, STEP);
  vi.useRealTimers();
  expect(world.errors).toEqual([]);
  const range = { fromMs: START_MS, toMs: START_MS + 100_000 };
  const names = ["beat", "long", "unlucky"];
  const ledgers = await Promise.all(names.map((name) => readLedger(world.core, NAMESPACE, name, range)));
  return { trace: traced.trace() satisfies readonly TraceEvent[], ledgers };
}
