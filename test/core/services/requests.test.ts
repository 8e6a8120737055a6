import { describe, expect, it } from "vitest";
import { cancelBackfill, planBackfill, startBackfill } from "../../../core/services/backfill.ts";
import { pauseJob, resumeJob } from "../../../core/services/pause-job.ts";
import { publishCalendar } from "../../../core/services/publish-calendar.ts";
import { triggerRuns } from "../../../core/services/trigger-runs.ts";
import { NAMESPACE, START_MS, World } from "../../support/world.ts";

describe("triggerRuns()", () => {
  it("with one key and one request gives the same runs, however often it is sent, also at once", async () => {
    const world = new World();
    await world.define({ name: "a", overlap: "allow" });
    const send = () => triggerRuns(world.core, NAMESPACE, "a", { requests: [{}, {}], idempotencyKey: "k" });
    const answers = [...(await Promise.all([send(), send(), send()])), await send()];
    await world.advance(5_000);
    answers.push(await send());

    const stamps = answers.map((runs) => runs.map(({ stamp }) => stamp));
    for (const each of stamps) expect(each).toEqual(stamps[0]);
    expect(world.runs("a").map(({ status, attempt }) => [status, attempt])).toEqual([
      ["succeeded", 1],
      ["succeeded", 1],
    ]);
    expect(answers.at(-1)?.map(({ status }) => status)).toEqual(["succeeded", "succeeded"]);
  });

  it("with a key that was used for another request is refused", async () => {
    const world = new World();
    await world.define({ name: "a" });
    await triggerRuns(world.core, NAMESPACE, "a", { requests: [{}], idempotencyKey: "k" });

    await expect(
      triggerRuns(world.core, NAMESPACE, "a", { requests: [{ priority: "high" }], idempotencyKey: "k" }),
    ).rejects.toMatchObject({ code: "idempotency-mismatch" });
    expect(world.runs("a")).toHaveLength(1);
  });

  it("that was refused leaves nothing behind, not even its key", async () => {
    const world = new World();
    await world.define({ name: "a" });
    await pauseJob(world.core, NAMESPACE, "a", {});
    const send = () => triggerRuns(world.core, NAMESPACE, "a", { requests: [{}], idempotencyKey: "k" });

    await expect(send()).rejects.toMatchObject({ code: "job-not-active" });
    await expect(send()).rejects.toMatchObject({ code: "job-not-active" });
    expect(world.rows("a")).toEqual([]);
    await resumeJob(world.core, NAMESPACE, "a", { missed: "now" });
    await send();
    expect(world.runs("a")).toHaveLength(1);
  });

  it("refuses parameters that break the schema before anything is written", async () => {
    const world = new World();
    const parametersSchema = { type: "object", properties: { n: { type: "number" } }, required: ["n"] };
    await world.define({ name: "a", parametersSchema });
    const before = world.table.dump("").length;

    await expect(
      triggerRuns(world.core, NAMESPACE, "a", { requests: [{ parameters: { n: "x" } }] }),
    ).rejects.toMatchObject({
      code: "parameters-invalid",
    });
    expect(world.table.dump("")).toHaveLength(before);
  });

  it("refused for its parameters leaves its idempotency key free for a request that is right", async () => {
    const world = new World();
    await world.define({ name: "a", parametersSchema: { type: "object", required: ["n"] } });
    const send = (parameters: Record<string, number>) =>
      triggerRuns(world.core, NAMESPACE, "a", { requests: [{ parameters }], idempotencyKey: "k" });

    await expect(send({})).rejects.toMatchObject({ code: "parameters-invalid" });
    expect(await send({ n: 1 })).toHaveLength(1);
    await expect(send({ n: 2 })).rejects.toMatchObject({ code: "idempotency-mismatch" });
    expect(world.runs("a")).toMatchObject([{ parameters: { n: 1 } }]);
  });

  it("runs at the instant that it is given, also in days, and refuses one out of range", async () => {
    const world = new World();
    await world.define({ name: "a" });
    const atMs = START_MS + 3 * 86_400_000;
    await triggerRuns(world.core, NAMESPACE, "a", { requests: [{ atMs }] });
    await world.advance(3 * 86_400_000, { stepMs: 3_600_000 });
    await world.advance(2_000);

    const [run] = world.runs("a");
    expect(run).toMatchObject({ status: "succeeded", slotAtMs: atMs });
    expect(run?.attempts[0]?.startedAtMs).toBeGreaterThanOrEqual(atMs);
    const requests = [{ atMs: 1e300 }];
    await expect(triggerRuns(world.core, NAMESPACE, "a", { requests })).rejects.toMatchObject({
      code: "datetime-out-of-range",
    });
  });

  it("of many runs at once loses none, with all messages lost and claims in the same millisecond", async () => {
    const world = new World({ slots: 100 });
    const behaved = new Set<string>();
    world.behave = ({ stamp }) => {
      behaved.add(stamp);
      return { takesMs: 1_000, result: { kind: "succeeded" } };
    };
    await world.define({ name: "a", overlap: "queueAll" });
    await triggerRuns(world.core, NAMESPACE, "a", { requests: Array.from({ length: 30 }, () => ({})) });
    await world.advance(0);
    world.queue.lose();
    world.killWorker();
    world.addWorker();
    await world.advance(300_000, { stepMs: 1_000 });

    expect(behaved.size).toBe(30);
    expect(new Set(world.runs("a").map(({ status }) => status))).toEqual(new Set(["succeeded"]));
  });
});

describe("a backfill", () => {
  const MINUTELY = { name: "a", schedule: { cron: "* * * * *" } } as const;
  const STRETCH = { fromMs: START_MS - 3_600_000, toMs: START_MS } as const;

  it.each(["oldestFirst", "newestFirst"] as const)("runs every slot of the stretch once, %s", async (order) => {
    const world = new World({ schedulers: 2, workers: 2 });
    await world.define(MINUTELY);
    const backfill = await startBackfill(world.core, NAMESPACE, "a", { ...STRETCH, order, concurrency: 4 });
    expect(backfill.total).toBe(60);
    await world.advance(50_000);

    const runs = world.runs("a").filter(({ cause }) => cause === "backfill");
    expect(runs.map(({ slotAtMs }) => slotAtMs)).toEqual(
      Array.from({ length: 60 }, (_, i) => STRETCH.fromMs + i * 60_000),
    );
    expect(new Set(runs.map(({ status }) => status))).toEqual(new Set(["succeeded"]));
    expect((await world.core.backfills.find(NAMESPACE, "a", backfill.id))?.backfill).toMatchObject({
      state: "done",
      submitted: 60,
    });
    expect(world.watch.violations).toEqual([]);
  });

  it("runs no more at the same time than it may", async () => {
    const world = new World({ slots: 50 });
    world.behave = () => ({ takesMs: 2_000, result: { kind: "succeeded" } });
    world.watch.limits.push({ capacity: 3, weightOf: ({ cause }) => (cause === "backfill" ? 1 : undefined) });
    await world.define(MINUTELY);
    await startBackfill(world.core, NAMESPACE, "a", { ...STRETCH, concurrency: 3 });
    await world.advance(60_000);

    expect(world.watch.violations).toEqual([]);
    expect(world.runs("a").filter(({ status }) => status === "succeeded").length).toBeGreaterThanOrEqual(60);
  });

  it.each([
    { reprocess: "none", count: 0 },
    { reprocess: "failed", count: 30 },
    { reprocess: "all", count: 60 },
  ] as const)("with reprocess $reprocess runs $count slots again", async ({ reprocess, count }) => {
    const world = new World();
    world.behave = ({ slotAtMs }) => ({
      takesMs: 10,
      result:
        (slotAtMs / 60_000) % 2 === 0
          ? { kind: "succeeded" }
          : { kind: "failed", error: { name: "E", message: "odd" } },
    });
    await world.define(MINUTELY);
    await startBackfill(world.core, NAMESPACE, "a", { ...STRETCH, concurrency: 20 });
    await world.advance(20_000);
    const job = (await world.core.jobs.find(NAMESPACE, "a"))?.compiled;
    if (job === undefined) throw new Error("There is no job");

    expect((await planBackfill(world.core, job, { ...STRETCH, reprocess })).slots).toHaveLength(count);
    await startBackfill(world.core, NAMESPACE, "a", { ...STRETCH, reprocess, concurrency: 20 });
    await world.advance(20_000);
    expect(world.runs("a").filter(({ cause }) => cause === "backfill")).toHaveLength(60 + count);
  });

  it("looks at the youngest run of a slot, whatever its name", async () => {
    const world = new World();
    let isBroken = true;
    world.behave = () => ({
      takesMs: 10,
      result: isBroken ? { kind: "failed", error: { name: "E", message: "broken" } } : { kind: "succeeded" },
    });
    await world.define(MINUTELY);
    await startBackfill(world.core, NAMESPACE, "a", { ...STRETCH, concurrency: 20 });
    await world.advance(20_000);
    isBroken = false;
    // A name that sorts before that of the failed ones.
    const again = { ...world.core, ids: { short: () => "0" } };
    await startBackfill(again, NAMESPACE, "a", { ...STRETCH, reprocess: "failed", concurrency: 20 });
    await world.advance(20_000);
    const job = (await world.core.jobs.find(NAMESPACE, "a"))?.compiled;
    if (job === undefined) throw new Error("There is no job");

    expect((await planBackfill(world.core, job, { ...STRETCH, reprocess: "failed" })).slots).toEqual([]);
  });

  it("keeps to its slots when the schedule is edited meanwhile", async () => {
    const world = new World({ workers: 0 });
    await world.define(MINUTELY);
    await startBackfill(world.core, NAMESPACE, "a", {
      fromMs: START_MS - 4 * 3_600_000,
      toMs: START_MS,
      concurrency: 50,
    });
    await world.advance(2_000);
    await world.define({ ...MINUTELY, schedule: { cron: "*/2 * * * *" } });
    world.addWorker({ slots: 50 });
    await world.advance(60_000);

    expect(world.runs("a").filter(({ cause }) => cause === "backfill")).toHaveLength(240);
  });

  it("that is cancelled submits no more; one of a job that is deleted is cancelled", async () => {
    const world = new World({ workers: 0 });
    await world.define(MINUTELY);
    const fromMs = START_MS - 4 * 3_600_000;
    const { id } = await startBackfill(world.core, NAMESPACE, "a", { fromMs, toMs: START_MS });
    await world.advance(2_000);
    await cancelBackfill(world.core, NAMESPACE, "a", id);
    expect(await cancelBackfill(world.core, NAMESPACE, "a", id)).toMatchObject({ state: "cancelled", submitted: 100 });
    await world.advance(10_000);

    expect(world.runs("a")).toHaveLength(100);
    await expect(cancelBackfill(world.core, NAMESPACE, "a", "zzz")).rejects.toMatchObject({ code: "not-found" });
  });

  it("is refused when it is empty, too large, or the job is not active", async () => {
    const world = new World();
    await world.define({ ...MINUTELY, schedule: { cron: "* * * * * *" } });
    const start = (fromMs: number, toMs: number) => startBackfill(world.core, NAMESPACE, "a", { fromMs, toMs });

    await expect(start(START_MS, START_MS)).rejects.toMatchObject({ code: "window-empty" });
    await expect(start(START_MS - 86_400_000, START_MS)).rejects.toMatchObject({ code: "backfill-too-large" });
    await pauseJob(world.core, NAMESPACE, "a", {});
    await expect(start(START_MS - 1_000, START_MS)).rejects.toMatchObject({ code: "job-not-active" });
  });
});

describe("publishCalendar()", () => {
  it("moves the jobs that use the calendar to its new edition, each slot under exactly one", async () => {
    const world = new World();
    await publishCalendar(world.core, NAMESPACE, { name: "c" }, {});
    const schedule = { every: "5s", calendars: ["c"] };
    await world.define({ name: "a", schedule, overlap: "allow" });
    await world.define({ name: "b", schedule: { every: "5s" } });
    await world.advance(20_000);
    const { edition, movedJobs } = await publishCalendar(
      world.core,
      NAMESPACE,
      { name: "c", exclude: ["2026-01-05"] },
      {},
    );
    await world.advance(40_000);

    expect([edition.edition, movedJobs]).toEqual([2, ["a"]]);
    expect(world.fired("a")).toEqual([5_000, 10_000, 15_000, 20_000]);
    expect(await world.ledger("a")).toMatchObject({ fired: 4, skipped: { calendar: 8 }, unexplained: 0 });
  });

  it("changes nothing when the calendar is the same, and only what the caller knows", async () => {
    const world = new World();
    await publishCalendar(world.core, NAMESPACE, { name: "c" }, {});

    expect(await publishCalendar(world.core, NAMESPACE, { name: "c" }, {})).toMatchObject({
      edition: { edition: 1 },
      movedJobs: [],
    });
    await expect(
      publishCalendar(world.core, NAMESPACE, { name: "c", open: "none" }, { expectEdition: 0 }),
    ).rejects.toMatchObject({
      code: "version-conflict",
    });
  });

  it("is not held up by a job whose schedule has run out", async () => {
    const world = new World();
    await publishCalendar(world.core, NAMESPACE, { name: "c" }, {});
    const endAt = new Date(START_MS + 10_000).toISOString();
    await world.define({ name: "a", schedule: { at: endAt, calendars: ["c"] } });
    await world.define({ name: "b", schedule: { every: "5s", endAt, calendars: ["c"] } });
    await world.define({ name: "c", schedule: { every: "5s", maxRuns: 3, calendars: ["c"] } });
    await world.advance(30_000);
    const { movedJobs } = await publishCalendar(world.core, NAMESPACE, { name: "c", exclude: ["2027-01-01"] }, {});
    await world.advance(30_000);

    expect(movedJobs).toEqual(["a", "b", "c"]);
    expect(world.fired("c")).toHaveLength(3);
  });

  it("while a job is being defined leaves it at the new edition", async () => {
    const world = new World();
    await publishCalendar(world.core, NAMESPACE, { name: "c" }, {});
    const { core, faults } = world.process();
    const publish = publishCalendar(world.core, NAMESPACE, { name: "c", open: "none" }, {});
    // The definition has looked the calendar up before the new edition, and is committed after the jobs were listed.
    faults.plan = () => undefined;
    await Promise.all([world.define({ name: "a", schedule: { every: "5s", calendars: ["c"] } }, core), publish]);

    expect((await world.core.jobs.find(NAMESPACE, "a"))?.compiled.version.calendars).toEqual({ c: 2 });
  });
});
