import { describe, expect, it } from "vitest";
import { compileJob, type CompiledJob } from "../../../core/job/compile.ts";
import type { JobDefinition } from "../../../core/job/definition.ts";
import type { JobVersion } from "../../../core/job/version.ts";
import { horizonAt, MAX_SLOTS_PER_VISIT, type PlanContext, planVisit, resumedSlot } from "../../../core/ledger/plan.ts";

const MINUTE = 60_000;

describe("planVisit()", () => {
  it("dispatches what is due up to the horizon, and tells the next", () => {
    const plan = planVisit(
      aJob({ schedule: { every: "1m" } }),
      at({ nowMs: 5 * MINUTE, cursorMs: 5 * MINUTE, horizonMs: 7 * MINUTE }),
    );

    expect(plan.dispatch.map(({ atMs }) => atMs)).toEqual([6 * MINUTE, 7 * MINUTE]);
    expect(plan).toMatchObject({ stretches: [], cursorMs: 7 * MINUTE, nextDueMs: 8 * MINUTE });
  });

  it.each([
    { policy: "none", fired: [], gapTo: 99 },
    { policy: "last", fired: [99], gapTo: 98 },
    { policy: "all", fired: [97, 98, 99], gapTo: 96 },
  ] as const)(
    "with misfire $policy dispatches $fired of 99 missed minutes, and covers the others by one stretch",
    ({ policy, fired, gapTo }) => {
      const job = aJob({ schedule: { every: "1m" }, misfire: { policy, limit: 3 } });
      const plan = planVisit(job, at({ nowMs: 99.5 * MINUTE, horizonMs: 99.9 * MINUTE }));

      expect(plan.dispatch.map(({ atMs }) => atMs / MINUTE)).toEqual(fired);
      expect(plan.stretches).toHaveLength(1);
      const [stretch] = plan.stretches;
      expect(stretch).toMatchObject({ fromMs: MINUTE, reason: "misfire" });
      expect(Math.floor((stretch?.toMs ?? 0) / MINUTE)).toBe(gapTo);
      expect(Number.isInteger(stretch?.toMs)).toBe(true);
    },
  );

  it("leaves slots older than the allowed lateness to the stretch", () => {
    const job = aJob({ schedule: { every: "1m" }, misfire: { policy: "all", maxLateness: "90s" } });
    const plan = planVisit(job, at({ nowMs: 10 * MINUTE, horizonMs: 10 * MINUTE }));

    expect(plan.dispatch.map(({ atMs }) => atMs / MINUTE)).toEqual([9, 10]);
  });

  it("stops at the end of the version's time", () => {
    const plan = planVisit(aJob({ schedule: { every: "1m" } }), at({ horizonMs: 10 * MINUTE, untilMs: 3 * MINUTE }));

    expect(plan.dispatch.map(({ atMs }) => atMs / MINUTE)).toEqual([1, 2, 3]);
    expect(plan.nextDueMs).toBeUndefined();
  });

  it("waits with slots that jitter delays beyond the horizon", () => {
    const job = aJob({ schedule: { every: "1m", jitter: "30s" } });
    const { jitterMs } = job.schedule;
    const plan = planVisit(job, at({ horizonMs: MINUTE + jitterMs - 1 }));

    expect(jitterMs).toBeGreaterThan(0);
    expect(plan).toMatchObject({ dispatch: [], nextDueMs: MINUTE + jitterMs });
  });

  it("dispatches a bounded number in one visit and goes on at once", () => {
    const plan = planVisit(aJob({ schedule: { every: "1s" } }), at({ horizonMs: 86_400_000 }));

    expect(plan.dispatch).toHaveLength(MAX_SLOTS_PER_VISIT);
    expect(plan).toMatchObject({ cursorMs: MAX_SLOTS_PER_VISIT * 1_000, nextDueMs: (MAX_SLOTS_PER_VISIT + 1) * 1_000 });
  });

  it("joins neighbouring slots that a calendar closes, and no others", () => {
    const job = aJob({ schedule: { every: "6h", calendars: ["c"] } });
    const plan = planVisit(job, at({ horizonMs: 4 * 86_400_000 }));

    // The calendar is closed on 2 January 1970.
    expect(plan.stretches).toEqual([
      { fromMs: 86_400_000, toMs: 86_400_000 + 18 * 3_600_000, reason: "calendar", detail: "c@1" },
    ]);
    expect(plan.dispatch).toHaveLength(12);
  });

  it.each(["paused", "deleted"] as const)("of a %s version does nothing", (state) => {
    const plan = planVisit(aJob({ schedule: { every: "1m" } }, { state }), at({ horizonMs: 10 * MINUTE, cursorMs: 7 }));

    expect(plan).toEqual({ dispatch: [], stretches: [], cursorMs: 7, nextDueMs: undefined });
  });

  it.each([
    { resume: "now", fired: [] },
    { resume: "last", fired: [9] },
    { resume: "all", fired: [7, 8, 9] },
  ] as const)(
    "of a pause that was resumed with $resume dispatches $fired, due at the resumption",
    ({ resume, fired }) => {
      const job = aJob({ schedule: { every: "1m" }, misfire: { limit: 3 } }, { state: "paused" });
      const untilMs = 9.5 * MINUTE;
      const plan = planVisit(job, at({ resume, untilMs, nowMs: 10 * MINUTE, horizonMs: 20 * MINUTE }));

      expect(plan.dispatch.map(({ atMs }) => atMs / MINUTE)).toEqual(fired);
      expect(new Set(plan.dispatch.map(({ dueAtMs }) => dueAtMs))).toEqual(
        new Set(fired.length === 0 ? [] : [untilMs]),
      );
      expect(plan).toMatchObject({ cursorMs: untilMs, nextDueMs: undefined });
      for (let atMs = MINUTE; atMs <= 9 * MINUTE; atMs += MINUTE)
        expect(resumedSlot(job, atMs, { untilMs, resume })).toEqual(plan.dispatch.find((slot) => slot.atMs === atMs));
    },
  );

  it("of a pause without slots leaves nothing to do", () => {
    const job = aJob({ schedule: { every: "1h" } }, { state: "paused" });

    expect(planVisit(job, at({ resume: "all", untilMs: MINUTE }))).toEqual({
      dispatch: [],
      stretches: [],
      cursorMs: MINUTE,
      nextDueMs: undefined,
    });
  });
});

describe("horizonAt()", () => {
  it.each([
    [0, 20_000],
    [1, 30_000],
    [10_000, 30_000],
    [9_999.5, 30_000],
  ])("at %d lies on the grid, a look-ahead away or more", (nowMs, horizonMs) => {
    expect(horizonAt(nowMs, { lookAheadMs: 20_000, leadMs: 10_000 })).toBe(horizonMs);
  });
});

function aJob(definition: Partial<JobDefinition>, change: Partial<JobVersion> = {}): CompiledJob {
  const version: JobVersion = {
    namespace: "default",
    name: "a",
    version: 1,
    state: "active",
    definition: { name: "a", executor: { type: "command", argv: ["true"] }, ...definition },
    createdAtMs: 0,
    sinceMs: 0,
    scheduleSinceMs: 0,
    calendars: {},
    ...change,
  };
  const calendar = { version: 1, definition: { name: "c", exclude: ["1970-01-02"] } };
  return compileJob(version, new Map([["c", calendar]]));
}

function at(context: Partial<PlanContext>): PlanContext {
  return {
    nowMs: 0,
    untilMs: Infinity,
    resume: undefined,
    cursorMs: 0,
    horizonMs: 0,
    misfireAfterMs: 10_000,
    ...context,
  };
}
