import { describe, expect, it } from "vitest";
import type { JobDefinition } from "../../../core/job/definition.ts";
import type { AttemptResult } from "../../../core/run/attempt-result.ts";
import type { Run, RunningRun } from "../../../core/run/run.ts";
import { startBackfill } from "../../../core/services/backfill.ts";
import { cancelRun } from "../../../core/services/cancel-run.ts";
import { decodeMessage } from "../../../core/run/message.ts";
import { claimRun } from "../../../core/services/claim-run.ts";
import { finishRun, reportProgress } from "../../../core/services/finish-run.ts";
import { pauseJob, resumeJob } from "../../../core/services/pause-job.ts";
import { rerun } from "../../../core/services/rerun.ts";
import { triggerRuns } from "../../../core/services/trigger-runs.ts";
import { NAMESPACE, START_MS, World, type WorldOptions } from "../../support/world.ts";

const FAILED = { kind: "failed", error: { name: "E", message: "no" } } as const satisfies AttemptResult;
const SUCCEEDED = { kind: "succeeded" } as const satisfies AttemptResult;
const RETRY = { maxAttempts: 4, backoff: { initial: "4s", max: "20s", factor: 2, jitter: "none" } } as const;

describe("a failed attempt", () => {
  it("is followed by others, as many as the policy allows, each after its delay", async () => {
    const world = await oneRun({ retry: RETRY }, () => FAILED);
    await world.advance(60_000);

    const run = theRun(world);
    expect(run).toMatchObject({ status: "failed", attempt: 4, charged: 4, error: { name: "E" } });
    expect(run.attempts.map(({ attempt }) => attempt)).toEqual([1, 2, 3, 4]);
    const waits = run.attempts
      .slice(1)
      .map(({ startedAtMs }, index) => startedAtMs - (run.attempts[index]?.endedAtMs ?? 0));
    for (const [index, leastMs] of [4_000, 8_000, 16_000].entries()) {
      expect(waits[index]).toBeGreaterThanOrEqual(leastMs);
      expect(waits[index]).toBeLessThanOrEqual(leastMs + 500);
    }
    expect(world.watch.violations).toEqual([]);
  });

  it("waits a random part of its delay when the policy asks for jitter", async () => {
    const world = await oneRun({ retry: { maxAttempts: 2, backoff: { initial: "60s" } } }, ({ charged }) =>
      charged === 0 ? FAILED : SUCCEEDED,
    );
    await world.advance(500);
    const run = theRun(world);

    expect(run.status === "retrying" && run.retryAtMs - world.clock.nowMs()).toBeLessThan(60_000);
    await world.advance(61_000);
    expect(theRun(world)).toMatchObject({ status: "succeeded", attempt: 2 });
  });

  it.each<{ what: string; definition: Partial<JobDefinition>; result: AttemptResult }>([
    {
      what: "an exit code that is not to be retried",
      definition: { retry: { ...RETRY, nonRetryable: { exitCodes: [3] } } },
      result: { ...FAILED, exitCode: 3 },
    },
    {
      what: "an error that is not to be retried",
      definition: { retry: { ...RETRY, nonRetryable: { errors: ["E"] } } },
      result: FAILED,
    },
    {
      what: "an error that says so itself",
      definition: { retry: RETRY },
      result: { kind: "failed", error: { name: "E", message: "no", retryable: false } },
    },
    {
      what: "a time-out whose leftovers may still run",
      definition: { retry: RETRY },
      result: { kind: "stopped", reason: "timeout", stop: { confirmed: false, evidence: "still there" } },
    },
  ])("with $what is the last", async ({ definition, result }) => {
    const world = await oneRun(definition, () => result);
    await world.advance(30_000);

    expect(theRun(world)).toMatchObject({ attempt: 1, charged: 1 });
    expect(["failed", "timedOut"]).toContain(theRun(world).status);
  });

  it("is tried again though the message of the next attempt is lost", async () => {
    const world = await oneRun({ retry: RETRY }, ({ charged }) => (charged === 0 ? FAILED : SUCCEEDED));
    await world.advance(500);
    expect(theRun(world).status).toBe("retrying");
    world.queue.lose();
    await world.advance(60_000);

    expect(theRun(world)).toMatchObject({ status: "succeeded", attempt: 2 });
  });

  it("waits longer than the queue can hold a message when its delay is longer", async () => {
    const retry = { maxAttempts: 2, backoff: { initial: "2h", max: "24h", jitter: "none" } } as const;
    const world = await oneRun({ retry }, ({ charged }) => (charged === 0 ? FAILED : SUCCEEDED));
    await world.advance(2 * 3_600_000 + 20_000, { stepMs: 10_000 });
    await world.advance(2_000);

    expect(theRun(world)).toMatchObject({ status: "succeeded", attempt: 2 });
    expect(world.watch.violations).toEqual([]);
  });
});

describe("a lost worker", () => {
  it("loses its runs to another, without charge", async () => {
    const world = await oneRun({}, ({ attempt }) => (attempt === 1 ? "long" : SUCCEEDED));
    await world.advance(2_000);
    world.killWorker();
    world.addWorker();
    await world.advance(40_000);

    const run = theRun(world);
    expect(run).toMatchObject({ status: "succeeded", attempt: 2, charged: 0 });
    expect(run.attempts.map(({ outcome }) => outcome)).toEqual(["lost", "succeeded"]);
  });

  it("loses them also when their messages are gone", async () => {
    const world = await oneRun({}, ({ attempt }) => (attempt === 1 ? "long" : SUCCEEDED));
    await world.advance(2_000);
    world.killWorker();
    world.queue.lose();
    world.addWorker();
    await world.advance(60_000);

    expect(theRun(world)).toMatchObject({ status: "succeeded", attempt: 2 });
  });

  it("that kills its workers again and again is given up as failed", async () => {
    const world = await oneRun({}, () => "long");
    for (let i = 0; i < 8; i += 1) {
      await world.advance(2_000);
      world.killWorker();
      world.addWorker();
      await world.advance(40_000);
    }

    expect(theRun(world)).toMatchObject({ status: "failed", error: { name: "WORKER_LOST" } });
    expect(theRun(world).attempts).toHaveLength(world.knobs.maxLost);
  });

  it("that fell silent and comes back late is refused", async () => {
    const world = await oneRun({}, () => SUCCEEDED, { workers: 0 });
    const claim = await claimTheRun(world, "zombie");
    await world.core.workers.put({
      id: "zombie",
      pool: "default",
      state: "ready",
      slots: 1,
      running: [],
      startedAtMs: 0,
      beat: 2,
    });
    world.addWorker();
    await world.advance(60_000);
    const late = await finishRun(world.core, claim, FAILED);

    expect(late).toMatchObject({ kind: "fenced" });
    expect(await reportProgress(world.core, claim.run, 1)).toBe(false);
    expect(theRun(world)).toMatchObject({ status: "succeeded", attempt: 2 });
    expect(world.watch.violations).toEqual([]);
  });

  it("is watched for before its message is taken for a duplicate, if its worker lives and has not told of it", async () => {
    const world = new World({ workers: 0 });
    await world.define({ name: "a", schedule: { every: "5s" } });
    await world.advance(5_000);
    const [received] = await world.queue.receive("default.normal", { max: 1, waitMs: 0, visibilityMs: 60_000 });
    const message = decodeMessage(received?.body ?? "");
    if (message === undefined) throw new Error("Nothing was rung for");
    const worker = { id: "forgetful", pool: "default", state: "ready", slots: 1, running: [], startedAtMs: 0 } as const;
    await world.core.workers.put({ ...worker, beat: 1 });
    await claimRun(world.core, message, worker, 1);
    // None sees two heartbeats.
    const looks: string[] = [];
    for (let receives = 2; looks.at(-1) !== "done"; receives += 1)
      looks.push((await claimRun(world.process().core, message, { id: "other", pool: "default" }, receives)).kind);

    expect(looks).toEqual(["later", "later", "done"]);
    expect(world.due()).toContainEqual(expect.objectContaining({ kind: "runs", stamps: [message.stamp] }));
  });

  it("is not one that lives and tells of its runs, however long they take", async () => {
    const world = await oneRun({}, () => "long");
    await world.advance(300_000, { stepMs: 1_000 });

    expect(theRun(world)).toMatchObject({ status: "running", attempt: 1 });
  });
});

describe("a drained attempt", () => {
  it("is begun anew by another worker, without charge", async () => {
    const world = await oneRun({ retry: RETRY }, ({ attempt }) => (attempt === 1 ? "long" : SUCCEEDED));
    await world.advance(2_000);
    await world.workers[0]?.worker.drain();
    await world.advance(5_000);

    expect(theRun(world)).toMatchObject({ status: "succeeded", attempt: 2, charged: 0 });
    expect(theRun(world).attempts.map(({ outcome }) => outcome)).toEqual(["drained", "succeeded"]);
  });
});

describe("finishRun()", () => {
  it("called again after its answer was lost gives the same, and keeps the first result", async () => {
    const world = await oneRun({ retry: RETRY }, () => SUCCEEDED, { workers: 0 });
    const claim = await claimTheRun(world, "w");

    expect(await finishRun(world.core, claim, FAILED)).toMatchObject({ kind: "finished", run: { status: "retrying" } });
    expect(await finishRun(world.core, claim, SUCCEEDED)).toMatchObject({
      kind: "finished",
      run: { status: "retrying" },
    });
    expect(theRun(world).attempts).toHaveLength(1);
  });

  it("takes a cancellation into account that came between", async () => {
    const world = await oneRun({ retry: RETRY }, () => SUCCEEDED, { workers: 0 });
    const claim = await claimTheRun(world, "w");
    expect(await cancelRun(world.core, claim.run, { by: "ann" })).toMatchObject({ kind: "cancelling" });

    expect(await finishRun(world.core, claim, FAILED)).toMatchObject({
      kind: "finished",
      run: { status: "cancelled" },
    });
  });

  it("takes a success for a success though it was to be cancelled", async () => {
    const world = await oneRun({}, () => SUCCEEDED, { workers: 0 });
    const claim = await claimTheRun(world, "w");
    await cancelRun(world.core, claim.run, { by: "ann" });

    expect(await finishRun(world.core, claim, SUCCEEDED)).toMatchObject({
      kind: "finished",
      run: { status: "succeeded" },
    });
  });

  it("keeps what the attempt told of itself", async () => {
    const world = await oneRun({}, () => SUCCEEDED, { workers: 0 });
    const claim = await claimTheRun(world, "w");
    expect(await reportProgress(world.core, claim.run, { done: 7 })).toBe(true);
    await finishRun(world.core, claim, { kind: "succeeded", result: { rows: 3 }, exitCode: 0 });

    expect(theRun(world)).toMatchObject({ status: "succeeded", progress: { done: 7 }, result: { rows: 3 } });
  });
});

describe("cancelRun()", () => {
  it("ends a run in the queue at once, and it never starts", async () => {
    const world = await oneRun({}, () => SUCCEEDED, { workers: 0 });
    expect(await cancelRun(world.core, theRun(world), { by: "ann", note: "no" })).toMatchObject({ kind: "cancelled" });
    world.addWorker();
    await world.advance(60_000);

    expect(theRun(world)).toMatchObject({
      status: "cancelled",
      attempt: 0,
      error: { message: "cancelled by ann: no" },
    });
  });

  it("ends a run that waits for its next attempt", async () => {
    const world = await oneRun({ retry: RETRY }, () => FAILED);
    await world.advance(1_000);
    expect(await cancelRun(world.core, theRun(world), { by: "ann" })).toMatchObject({ kind: "cancelled" });
    await world.advance(60_000);

    expect(theRun(world)).toMatchObject({ status: "cancelled", attempt: 1 });
  });

  it("stops a running run through its worker, once, however often it is asked for", async () => {
    const world = await oneRun({ retry: RETRY }, () => "long");
    await world.advance(1_000);
    const results = await Promise.all([1, 2, 3].map(() => cancelRun(world.core, theRun(world), { by: "ann" })));
    expect(results.map(({ kind }) => kind)).toEqual(["cancelling", "cancelling", "cancelling"]);
    await world.advance(2_000);

    expect(theRun(world)).toMatchObject({ status: "cancelled", attempt: 1, stop: { confirmed: true } });
    expect(await cancelRun(world.core, theRun(world), { by: "ann" })).toMatchObject({ kind: "ended" });
  });

  it("of a run whose worker is lost ends it without another attempt, and admits that the stop is not confirmed", async () => {
    const world = await oneRun({ retry: RETRY }, () => "long");
    await world.advance(1_000);
    world.killWorker();
    await cancelRun(world.core, theRun(world), { by: "ann" });
    world.addWorker();
    await world.advance(60_000);

    expect(theRun(world)).toMatchObject({ status: "cancelled", attempt: 1, stop: { confirmed: false } });
  });

  it("shortens the grace of an earlier cancellation and never lengthens it", async () => {
    const world = await oneRun({}, () => SUCCEEDED, { workers: 0 });
    const { run } = await claimTheRun(world, "w");
    for (const graceMs of [5_000, 0, 9_000]) await cancelRun(world.core, run, { by: "ann", graceMs });

    expect(theRun(world).cancel).toMatchObject({ graceMs: 0 });
  });

  it("finds no run that there is not", async () => {
    const world = await oneRun({}, () => SUCCEEDED);
    expect(await cancelRun(world.core, { namespace: NAMESPACE, job: "a", stamp: "x" }, { by: "ann" })).toEqual({
      kind: "notFound",
    });
  });
});

describe("a run that waits too long in the queue", () => {
  it("expires, also when it is a slot's", async () => {
    const world = await oneRun({ timeouts: { queue: "10s" }, schedule: { every: "20s" } }, () => SUCCEEDED, {
      workers: 0,
    });
    await world.advance(55_000);
    world.addWorker();
    await world.advance(40_000);

    const outcomes = world.runs("a").map(({ status, attempt }) => [status, attempt]);
    expect(outcomes.slice(0, 3)).toEqual([
      ["expired", 0],
      ["expired", 0],
      ["expired", 0],
    ]);
    expect(await world.ledger("a")).toMatchObject({ skipped: { expired: 2 }, unexplained: 0 });
  });

  it("does not expire in the line of its own backfill, however long that is", async () => {
    const world = new World();
    world.behave = () => ({ takesMs: 1_000, result: SUCCEEDED });
    await world.define({ name: "a", schedule: { cron: "* * * * *" }, timeouts: { queue: "60s" } });
    const stretch = { fromMs: START_MS - 300 * 60_000, toMs: START_MS, concurrency: 1 };
    await startBackfill(world.core, NAMESPACE, "a", stretch);
    await world.advance(700_000);

    const runs = world.runs("a").filter(({ cause }) => cause === "backfill");
    expect(runs).toHaveLength(300);
    expect(new Set(runs.map(({ status }) => status))).toEqual(new Set(["succeeded"]));
  });
});

describe("a job that fails again and again", () => {
  const JOB = { schedule: { every: "5s" }, pauseAfterFailures: 3, overlap: "allow" } as const;

  it("is paused after so many failed runs in a row", async () => {
    const world = await oneRun(JOB, () => FAILED);
    await world.advance(60_000);

    expect(world.runs("a").filter(({ status }) => status === "failed")).toHaveLength(3);
    const job = (await world.core.jobs.find(NAMESPACE, "a"))?.compiled.version;
    expect(job).toMatchObject({ state: "paused", by: "carillon" });
  });

  it("is not paused when a success came between", async () => {
    const world = await oneRun(JOB, ({ slotAtMs }) => (slotAtMs % 15_000 === 0 ? SUCCEEDED : FAILED));
    await world.advance(120_000);

    expect((await world.core.jobs.find(NAMESPACE, "a"))?.compiled.version.state).toBe("active");
  });

  it("has all its chances again when it is resumed, also when messages of old failures come late", async () => {
    const world = await oneRun(JOB, () => FAILED);
    await world.advance(30_000);
    const failures = world.runs("a");
    await resumeJob(world.core, NAMESPACE, "a", { missed: "now" });
    for (const { namespace, job, stamp, dueAtMs } of failures) {
      const body = JSON.stringify({ v: 1, namespace, job, stamp, dueAtMs });
      await world.queue.send("default.normal", [{ body, group: namespace, delayMs: 0 }]);
    }
    await world.advance(4_000);
    expect((await world.core.jobs.find(NAMESPACE, "a"))?.compiled.version.state).toBe("active");
    await world.advance(60_000);

    expect(world.runs("a").filter(({ status }) => status === "failed")).toHaveLength(6);
    expect((await world.core.jobs.find(NAMESPACE, "a"))?.compiled.version.state).toBe("paused");
  });
});

describe("rerun()", () => {
  it("runs the slot of an ended run again, and refuses one that has not ended", async () => {
    const world = await oneRun({}, ({ cause }) => (cause === "rerun" ? SUCCEEDED : FAILED));
    await expect(rerun(world.core, theRun(world), {})).rejects.toMatchObject({ code: "run-not-final" });
    await world.advance(2_000);
    await rerun(world.core, theRun(world), { by: "ann" });
    await world.advance(2_000);

    expect(world.runs("a").map(({ status, cause }) => [status, cause])).toEqual(
      expect.arrayContaining([
        ["failed", "manual"],
        ["succeeded", "rerun"],
      ]),
    );
    await pauseJob(world.core, NAMESPACE, "a", {});
    await expect(rerun(world.core, theRun(world), {})).rejects.toMatchObject({ code: "job-not-active" });
  });

  it("starts a run that was cancelled ahead of its instant not before it", async () => {
    const world = await oneRun({}, () => SUCCEEDED);
    const atMs = world.clock.nowMs() + 60_000;
    const [asked] = await triggerRuns(world.core, NAMESPACE, "a", { requests: [{ atMs }] });
    if (asked === undefined) throw new Error("nothing was asked for");
    await cancelRun(world.core, asked, { by: "ann" });
    const again = await rerun(world.core, asked, {});
    await world.advance(59_000);
    expect((await world.core.runs.find(again))?.run.status).toBe("queued");
    await world.advance(3_000);

    expect((await world.core.runs.find(again))?.run.status).toBe("succeeded");
  });
});

/** A world with one run that was asked for, whose attempts behave as told; `"long"` never ends by itself. */
async function oneRun(
  definition: Partial<JobDefinition>,
  result: (run: RunningRun) => AttemptResult | "long",
  options: WorldOptions = {},
): Promise<World> {
  const world = new World(options);
  world.behave = (run) => {
    const end = result(run);
    return end === "long" ? { takesMs: 86_400_000, result: SUCCEEDED } : { takesMs: 100, result: end };
  };
  await world.define({ name: "a", ...definition });
  await triggerRuns(world.core, NAMESPACE, "a", { requests: [{}] });
  return world;
}

function theRun(world: World): Run {
  const run = world.runs("a").find(({ cause }) => cause === "manual");
  if (run === undefined) throw new Error("There is no run");
  return run;
}

async function claimTheRun(world: World, id: string) {
  await world.core.workers.put({ id, pool: "default", state: "ready", slots: 1, running: [], startedAtMs: 0, beat: 1 });
  const { namespace, job, stamp, dueAtMs } = theRun(world);
  const claim = await claimRun(world.core, { v: 1, namespace, job, stamp, dueAtMs }, { id, pool: "default" }, 1);
  if (claim.kind !== "claimed") throw new Error(`The run is not claimed: ${claim.kind}`);
  return claim;
}
