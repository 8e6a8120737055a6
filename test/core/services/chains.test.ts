import { describe, expect, it } from "vitest";
import { pauseJob, resumeJob } from "../../../core/services/pause-job.ts";
import { publishCalendar } from "../../../core/services/publish-calendar.ts";
import { encodeMessage } from "../../../core/run/message.ts";
import { isEnded } from "../../../core/run/run.ts";
import { stampOf } from "../../../core/run/run-id.ts";
import { NAMESPACE, START_MS, World, type WorldOptions } from "../../support/world.ts";

const CHAIN = { name: "a", schedule: { afterEnd: "10s" } } as const;

describe("a chain of runs, each after the end of the last", () => {
  it("goes on, one delay after each end", async () => {
    const world = chainWorld(3_000);
    await world.define(CHAIN);
    await world.advance(120_000);

    expectChain(world, 10_000);
    expect(world.fired("a").length).toBeGreaterThanOrEqual(8);
    expect(world.watch.violations).toEqual([]);
  });

  it.each(["lose", "double"] as const)("goes on as one chain though messages suffer (%s)", async (fate) => {
    const world = chainWorld(3_000, { schedulers: 2, workers: 2 });
    world.queue.fate = () => (world.random.next() < 0.5 ? fate : "keep");
    await world.define(CHAIN);
    await world.advance(300_000, { stepMs: 1_000 });

    expectChain(world, 10_000);
    expect(world.fired("a").length).toBeGreaterThanOrEqual(5);
  });

  it("costs little to take up after schedulers were away, however many of its visits were left behind", async () => {
    const world = chainWorld(500);
    await world.define({ ...CHAIN, schedule: { afterEnd: "1s" } });
    await world.advance(5_000);
    const away = world.schedulers.splice(0);
    await world.advance(600_000, { stepMs: 500 });
    expect(world.due().length).toBeGreaterThan(200);
    world.schedulers.push(...away);
    const before = world.calls();
    await world.advance(2_000);
    // To follow each of them from its own link to the last would take some 40,000.
    expect(world.calls() - before).toBeLessThan(3_000);
    await world.advance(30_000);
    expect(world.due().filter(({ kind }) => kind === "job").length).toBeLessThan(20);
  });

  it("does not fire for a pause or a resumption, and goes on after it", async () => {
    const world = chainWorld(1_000);
    await world.define(CHAIN);
    await world.advance(15_000);
    await pauseJob(world.core, NAMESPACE, "a", {});
    await world.advance(60_000);
    const before = world.fired("a");
    await resumeJob(world.core, NAMESPACE, "a", { missed: "last" });
    await world.advance(9_000);
    expect(world.fired("a")).toEqual(before);
    await world.advance(60_000);

    expect(world.fired("a").length).toBeGreaterThan(before.length + 3);
    expectChain(world, 10_000);
  });

  it("is edited without a second chain beside it", async () => {
    const world = chainWorld(1_000);
    await world.define(CHAIN);
    await world.advance(25_000);
    await world.define({ ...CHAIN, description: "edited" });
    await world.advance(120_000);

    expectChain(world, 9_500);
    expect(world.due().filter(({ kind }) => kind === "job").length).toBeLessThanOrEqual(2);
  });

  it("goes on behind a run that could not start in time", async () => {
    const world = chainWorld(1_000, { workers: 0 });
    await world.define({ ...CHAIN, timeouts: { queue: "20s" } });
    await world.advance(120_000);
    world.addWorker();
    await world.advance(60_000);

    expect(world.runs("a")[0]?.status).toBe("expired");
    expect(world.runs("a").some(({ status }) => status === "succeeded")).toBe(true);
  });

  it("goes on when the worker of a run is lost", async () => {
    const world = chainWorld(5_000);
    await world.define(CHAIN);
    await world.advance(3_000);
    world.killWorker();
    world.addWorker();
    await world.advance(120_000);

    expectChain(world, 10_000);
    expect(world.fired("a").length).toBeGreaterThanOrEqual(4);
  });

  it("follows late duplicates of old runs without ringing for those that have run", async () => {
    const world = chainWorld(500);
    await world.define({ ...CHAIN, schedule: { afterEnd: "1s" } });
    await world.advance(60_000);
    const [first] = world.runs("a");
    if (first === undefined) throw new Error("There is no run");
    const { namespace, job, stamp, dueAtMs } = first;
    const body = JSON.stringify({ v: 1, namespace, job, stamp, dueAtMs });
    let sent = 0;
    world.queue.fate = () => {
      sent += 1;
      return "keep";
    };
    await world.queue.send("default.normal", [{ body, group: namespace, delayMs: 0 }]);
    await world.advance(2_000);

    expect(sent).toBeLessThan(8);
    expectChain(world, 1_000);
  });

  it("passes over the dates that a calendar closes in one gap, and at a cost that does not grow with them", async () => {
    const world = chainWorld(500);
    // The world begins on a Monday at ten: it is closed until the end of Tuesday.
    await publishCalendar(world.core, NAMESPACE, { name: "c", exclude: ["2026-01-05", "2026-01-06"] }, {});
    await world.define({ ...CHAIN, schedule: { afterEnd: "10s", calendars: ["c"] } });
    await world.advance(37 * 3_600_000, { stepMs: 10_000 });
    const calls = world.calls();
    await world.advance(3_700_000, { stepMs: 2_000 });

    expect(world.gaps("a")).toHaveLength(1);
    expect(world.gaps("a")[0]).toMatchObject({ reason: "calendar" });
    const [first] = world.fired("a");
    expect(first).toBeGreaterThanOrEqual(38 * 3_600_000);
    expect(first).toBeLessThan(38 * 3_600_000 + 10_000);
    expect(calls).toBeLessThan(200_000);
  });

  it("is not begun a second time by a message that names any instant", async () => {
    const world = chainWorld(500);
    await world.define(CHAIN);
    await world.advance(25_000);
    const stamp = stampOf(START_MS + 26_123);
    const body = encodeMessage({ v: 1, namespace: NAMESPACE, job: "a", stamp, version: 1, dueAtMs: START_MS });
    await world.queue.send("default.normal", [{ body, group: NAMESPACE, delayMs: 0 }]);
    await world.advance(60_000);

    expect(world.fired("a")).not.toContain(26_123);
    expectChain(world, 10_000);
  });

  it("is not begun a second time by an entry that was armed for a definition that came too late", async () => {
    const world = chainWorld(1_000, { workers: 0 });
    await world.define({ ...CHAIN, misfire: { policy: "none" } });
    const [entry] = world.due();
    if (entry?.kind !== "job") throw new Error("no walk");
    const atMs = entry.cursorMs + 12_345;
    await world.core.due.arm({ ...entry, cursorMs: atMs, settledMs: atMs, visitAtMs: atMs });
    await world.advance(120_000);

    const slots = world.runs("a").map(({ slotAtMs }) => slotAtMs);
    expect(slots.length).toBeGreaterThan(2);
    expect(slots).not.toContain(atMs);
    const ends = world.runs("a").map((run) => (isEnded(run) ? run.endedAtMs : Infinity));
    expect(slots.slice(1)).toEqual(ends.slice(0, -1).map((endedAtMs) => endedAtMs + 10_000));
  });

  it("ends after so many runs", async () => {
    const world = chainWorld(500);
    await world.define({ ...CHAIN, schedule: { afterEnd: "5s", maxRuns: 3 } });
    await world.advance(120_000);

    expect(world.fired("a")).toHaveLength(3);
    expect(world.due()).toEqual([]);
  });

  it("begins when it is told to and ends before it is told to", async () => {
    const world = chainWorld(500);
    const [startAt, endAt] = [60_000, 120_000].map((ms) => new Date(START_MS + ms).toISOString());
    await world.define({ ...CHAIN, schedule: { afterEnd: "10s", startAt, endAt } });
    await world.advance(200_000);

    expect(world.fired("a")[0]).toBe(60_000);
    expect(world.fired("a").at(-1)).toBeLessThan(120_000);
    expect(world.due()).toEqual([]);
  });
});

function chainWorld(takesMs: number, options: WorldOptions = {}): World {
  const world = new World(options);
  world.behave = () => ({ takesMs, result: { kind: "succeeded" } });
  return world;
}

/** Every run begins at least one delay after the end of the one before. */
function expectChain(world: World, delayMs: number): void {
  const runs = world.runs("a");
  for (const [index, run] of runs.entries()) {
    const last = runs[index - 1];
    if (last === undefined || !("endedAtMs" in last)) continue;
    expect(run.slotAtMs - last.endedAtMs, run.stamp).toBeGreaterThanOrEqual(delayMs - 1_000);
  }
}
