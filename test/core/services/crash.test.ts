import { describe, expect, it } from "vitest";
import { startBackfill } from "../../../core/services/backfill.ts";
import type { Core } from "../../../core/services/core.ts";
import { cancelRun } from "../../../core/services/cancel-run.ts";
import { deleteJob } from "../../../core/services/define-job.ts";
import { pauseJob, resumeJob } from "../../../core/services/pause-job.ts";
import { triggerRuns } from "../../../core/services/trigger-runs.ts";
import { visitShard } from "../../../core/services/visit.ts";
import type { Fault } from "../../support/port-faults.ts";
import { NAMESPACE, START_MS, World } from "../../support/world.ts";

/** One deed of one process, and what must be true in the end when it was interrupted, and when it was acknowledged. */
interface Deed {
  readonly name: string;
  readonly prepare?: (world: World) => Promise<unknown>;
  readonly act: (core: Core, world: World) => Promise<unknown>;
  readonly whenDone?: (world: World) => void | Promise<void>;
}

/** Calls of a worker in which it receives, claims, beats and finishes the second slot of a job; those before only wait for it. */
const FIRST_CALL = 15;
const LAST_CALL = 60;

const EVERY_7S = { name: "a", schedule: { every: "7s" }, overlap: "allow" } as const;

const DEEDS: readonly Deed[] = [
  {
    name: "defineJob",
    act: (core, world) => world.define(EVERY_7S, core),
    whenDone: (world) => expect(world.fired("a").length).toBeGreaterThan(10),
  },
  {
    name: "defineJob of a job that there is",
    prepare: (world) => startWith(world, EVERY_7S),
    act: (core, world) => world.define({ ...EVERY_7S, schedule: { every: "5s" } }, core),
    whenDone: (world) => expect(world.fired("a")).toContain(60_000),
  },
  {
    name: "defineJob with the end of a run as schedule",
    act: (core, world) => world.define({ name: "a", schedule: { afterEnd: "5s" } }, core),
    whenDone: (world) => expect(world.fired("a").length).toBeGreaterThan(10),
  },
  {
    name: "pauseJob",
    prepare: (world) => startWith(world, EVERY_7S),
    act: (core) => pauseJob(core, NAMESPACE, "a", {}),
    whenDone: (world) => expect(world.fired("a")).toEqual([7_000]),
  },
  {
    name: "resumeJob",
    prepare: async (world) => {
      await startWith(world, EVERY_7S);
      await pauseJob(world.core, NAMESPACE, "a", {});
      await world.advance(40_000, { stepMs: 5_000 });
    },
    act: (core) => resumeJob(core, NAMESPACE, "a", { missed: "all" }),
    whenDone: (world) =>
      expect(world.fired("a").slice(0, 9)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9].map((n) => n * 7_000)),
  },
  {
    name: "deleteJob",
    prepare: (world) => startWith(world, EVERY_7S),
    act: (core) => deleteJob(core, NAMESPACE, "a", {}),
    whenDone: (world) => expect(world.fired("a")).toEqual([7_000]),
  },
  {
    name: "triggerRuns",
    prepare: (world) => startWith(world, { name: "a" }),
    act: (core) =>
      triggerRuns(core, NAMESPACE, "a", { requests: [{}, { atMs: START_MS + 50_000 }], idempotencyKey: "k" }),
    whenDone: (world) => expect(world.runs("a").map(({ status }) => status)).toEqual(["succeeded", "succeeded"]),
  },
  {
    name: "startBackfill",
    prepare: (world) => startWith(world, { name: "a", schedule: { cron: "*/7 * * * * *" } }),
    act: (core) => startBackfill(core, NAMESPACE, "a", { fromMs: START_MS - 60_000, toMs: START_MS, concurrency: 3 }),
    whenDone: (world) => {
      const runs = world.runs("a").filter(({ cause }) => cause === "backfill");
      expect(runs).toHaveLength(9);
      expect(new Set(runs.map(({ status }) => status))).toEqual(new Set(["succeeded"]));
    },
  },
  {
    name: "visitShard",
    prepare: async (world) => {
      await world.define(EVERY_7S);
      await triggerRuns(world.core, NAMESPACE, "a", { requests: [{ atMs: START_MS + 30_000 }] });
      await startBackfill(world.core, NAMESPACE, "a", { fromMs: START_MS - 20_000, toMs: START_MS });
      await world.clock.advance(35_000);
    },
    act: (core) => visitShard(core, 0),
    whenDone: (world) => expect(world.fired("a")).toContain(35_000),
  },
  {
    name: "visitShard after a long outage",
    prepare: async (world) => {
      await world.define({ ...EVERY_7S, misfire: { policy: "all", limit: 10 } });
      await world.clock.advance(300_000);
    },
    act: (core) => visitShard(core, 0),
    whenDone: (world) => expect(world.fired("a").length).toBeGreaterThan(20),
  },
  {
    name: "cancelRun of a run in the queue",
    prepare: async (world) => {
      await startWith(world, { name: "a" });
      await triggerRuns(world.core, NAMESPACE, "a", { requests: [{ atMs: START_MS + 60_000 }] });
    },
    act: async (core, world) => {
      const [run] = world.runs("a");
      if (run !== undefined) await cancelRun(core, run, { by: "test" });
    },
    whenDone: (world) =>
      expect(world.runs("a").map(({ status, attempt }) => [status, attempt])).toEqual([["cancelled", 0]]),
  },
];

const FAULTS = ["dieBefore", "dieAfter", "unavailable", "unknown"] as const satisfies readonly Fault[];

const WORKER_JOBS: readonly (readonly [string, Parameters<World["define"]>[0]])[] = [
  ["a plain job", EVERY_7S],
  ["a job that queues its slots", { ...EVERY_7S, overlap: "queueAll" }],
  ["a job that skips", { ...EVERY_7S, overlap: "skip" }],
  ["a job that replaces its runs", { ...EVERY_7S, overlap: "cancelPrevious" }],
  ["a job with a concurrency key", { ...EVERY_7S, concurrency: [{ key: "k", limit: 1 }] }],
  ["a chain", { name: "a", schedule: { afterEnd: "5s" } }],
  ["a job that fails and is tried again", { ...EVERY_7S, retry: { maxAttempts: 3, backoff: { jitter: "none" } } }],
];

describe.each(FAULTS)("a port call that fails (%s)", (fault) => {
  it.each(DEEDS)("anywhere in $name loses nothing and doubles nothing", async ({ prepare, act, whenDone }) => {
    for (let number = 1, wasHit = true; wasHit; number += 1) {
      const world = new World({ seed: number, knobs: { shards: 1 }, schedulers: 0 });
      world.schedulers.push(world.process());
      await prepare?.(world);
      const { core, faults } = world.process();
      faults.plan = (call) => (call === number ? fault : undefined);

      const outcome = await faults.orDeath(act(core, world)).catch((error: unknown) => ({ error }));
      wasHit = faults.calls >= number;
      await world.advance(150_000, { stepMs: 1_500 });

      const at = `call ${number}`;
      expect(world.watch.violations, at).toEqual([]);
      if (world.table.dump("ns#").length > 0) {
        const ledger = await world.ledger("a");
        expect(ledger, at).toMatchObject({ unexplained: 0 });
        expect(ledger.expected, at).toBe(ledger.fired + ledger.skippedTotal + ledger.pending);
      }
      expect(openRuns(world), at).toEqual([]);
      const isAcknowledged =
        outcome !== "dead" && !(typeof outcome === "object" && outcome !== null && "error" in outcome);
      if (isAcknowledged) await whenDone?.(world);
      expect(number).toBeLessThan(200);
    }
  });
});

describe.each(FAULTS)("a worker whose port call fails (%s)", (fault) => {
  it.each(WORKER_JOBS)("anywhere in the handling of %s loses nothing and doubles nothing", async (kind, definition) => {
    for (let number = FIRST_CALL; number <= LAST_CALL; number += 1) {
      const world = new World({ seed: number, knobs: { shards: 1 } });
      world.behave = ({ attempt, charged }) => ({
        takesMs: attempt % 2 === 0 ? 9_000 : 500,
        result:
          kind.includes("fails") && charged === 0
            ? { kind: "failed", error: { name: "E", message: "first" } }
            : { kind: "succeeded" },
      });
      await world.define(definition);
      await world.advance(5_000);
      const [first] = world.workers;
      const before = first?.faults.calls ?? 0;
      if (first !== undefined) first.faults.plan = (call) => (call === before + number ? fault : undefined);
      await world.advance(10_000);
      world.addWorker();
      await world.advance(80_000, { stepMs: 2_000 });
      await world.define({ ...definition, schedule: { every: "12h" } });
      await world.advance(60_000, { stepMs: 3_000 });

      const at = `call ${number}`;
      expect(world.watch.violations, at).toEqual([]);
      expect(await world.ledger("a"), at).toMatchObject({ unexplained: 0, pending: 0 });
      expect(openRuns(world), at).toEqual([]);
      expect(world.fired("a").length, at).toBeGreaterThan(3);
    }
  });
});

async function startWith(world: World, definition: Parameters<World["define"]>[0]): Promise<void> {
  await world.define(definition);
  await world.advance(8_000);
}

/** Runs that have been due for long and have not ended. */
function openRuns(world: World): string[] {
  return world
    .runs("a")
    .filter((run) => !("endedAtMs" in run) && run.dueAtMs < world.clock.nowMs() - 60_000)
    .map(({ stamp, status }) => `${stamp} ${status}`);
}
