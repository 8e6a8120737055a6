import { describe, expect, it } from "vitest";
import { compileSchedule } from "../../../core/schedule/compile.ts";
import type { ScheduleDefinition } from "../../../core/schedule/definition.ts";
import type { ScheduleContext } from "../../../core/schedule/schedule.ts";
import { aScheduleContext, scheduleErrorOf, someCalendars, takeSlots } from "../../support/schedules.ts";

const NOW = "2026-01-01T00:00:00Z";
const nowMs = Date.parse(NOW);

function compile(definition: ScheduleDefinition | undefined, changes: Partial<ScheduleContext> = {}) {
  return compileSchedule(definition, aScheduleContext({ createdAtMs: nowMs, sinceMs: nowMs, ...changes }));
}

function instants(definition: ScheduleDefinition, count: number, changes: Partial<ScheduleContext> = {}): string[] {
  return takeSlots(compile(definition, changes), 0, count).map(({ atMs }) => new Date(atMs).toISOString());
}

describe("every", () => {
  it("counts from the job's creation", () => {
    expect(instants({ every: "90m" }, 2)).toEqual(["2026-01-01T01:30:00.000Z", "2026-01-01T03:00:00.000Z"]);
  });

  it("has no slot before the job's creation", () => {
    expect(instants({ every: "90m" }, 2, { sinceMs: 0 })).toEqual([
      "2026-01-01T00:00:00.000Z",
      "2026-01-01T01:30:00.000Z",
    ]);
  });

  it("keeps its rhythm when a later version takes over", () => {
    const sinceMs = Date.parse("2026-01-01T04:00:00Z");

    expect(instants({ every: "90m" }, 1, { sinceMs })).toEqual(["2026-01-01T04:30:00.000Z"]);
  });

  it("counts from startAt, which is a slot itself when it lies ahead", () => {
    expect(instants({ every: "1h", startAt: "2026-01-02T00:10:00Z" }, 2)).toEqual([
      "2026-01-02T00:10:00.000Z",
      "2026-01-02T01:10:00.000Z",
    ]);
    expect(instants({ every: "1h", startAt: "2025-12-31T00:10:00Z" }, 1)).toEqual(["2026-01-01T00:10:00.000Z"]);
  });

  it("has no slot at the commit of its version, even at startAt", () => {
    expect(instants({ every: "1h", startAt: NOW }, 1)).toEqual(["2026-01-01T01:00:00.000Z"]);
  });

  it("finds slots decades ahead directly", () => {
    const farMs = Date.parse("2099-06-01T00:00:00.500Z");

    expect(takeSlots(compile({ every: "1s" }), farMs, 1)[0]?.atMs).toBe(farMs + 500);
  });

  it("ignores daylight saving", () => {
    const schedule = compile({ every: "24h", timezone: "America/New_York" });
    const [first, second] = takeSlots(schedule, Date.parse("2026-03-07T12:00:00Z"), 2);

    expect((second?.atMs ?? 0) - (first?.atMs ?? 0)).toBe(86_400_000);
  });
});

describe("at and dates", () => {
  it("at is the only slot", () => {
    expect(instants({ at: "2026-03-08T07:30:00+01:00" }, 5)).toEqual(["2026-03-08T06:30:00.000Z"]);
  });

  it("dates are slots in time order, those before the version's commit left out", () => {
    const dates = ["2026-05-01T00:00:00Z", "2025-01-01T00:00:00Z", "2026-02-01T00:00:00+02:00"];

    expect(instants({ dates }, 5)).toEqual(["2026-01-31T22:00:00.000Z", "2026-05-01T00:00:00.000Z"]);
  });

  it.each([
    [{ at: NOW }, "at-in-past", "/at"],
    [{ dates: ["2025-01-01T00:00:00Z", NOW] }, "at-in-past", "/dates"],
    [{ dates: ["2026-05-01T00:00:00Z", "2026-05-01T02:00:00+02:00"] }, "dates-duplicate", "/dates/1"],
    [{ at: "2026-05-01T00:00:00Z", endAt: "2026-05-01T00:00:00Z" }, "window-empty", "/endAt"],
    [{ at: "2026-02-30T00:00:00Z" }, "datetime-invalid", "/at"],
    [{ at: "tomorrow" }, "datetime-invalid", "/at"],
    [{ at: "1767225600" }, "datetime-invalid", "/at"],
    [{ at: "2026-05-01T24:30:00Z" }, "datetime-invalid", "/at"],
    [{ dates: ["2026-05-01T00:00:00"] }, "datetime-needs-offset", "/dates/0"],
    [{ at: "9999-12-31T00:00:00Z" }, "datetime-out-of-range", "/at"],
    [{ at: "1969-12-31T00:00:00Z" }, "datetime-out-of-range", "/at"],
  ])("%j is refused: %s", (definition, code, pointer) => {
    expect(scheduleErrorOf(() => compile(definition))).toMatchObject({ code, pointer });
  });
});

describe("afterEnd", () => {
  it("has its first slot when the version is committed, and tells the delay to the next", () => {
    const schedule = compile({ afterEnd: "5m" });

    expect(schedule).toMatchObject({ kind: "afterEnd", afterEndMs: 300_000 });
    expect(takeSlots(schedule, 0, 3).map(({ atMs }) => atMs)).toEqual([nowMs + 1]);
  });

  it("has its first slot at startAt when that lies ahead", () => {
    expect(instants({ afterEnd: "5m", startAt: "2026-02-01T00:00:00Z" }, 3)).toEqual(["2026-02-01T00:00:00.000Z"]);
  });

  it("takes any instant of its window as a slot", () => {
    const schedule = compile({ afterEnd: "5m", jitter: "1m", endAt: "2026-02-01T00:00:00Z" });
    const endMs = Date.parse("2026-02-01T00:00:00Z");

    expect(schedule.at(nowMs + 12_345)).toEqual({ atMs: nowMs + 12_345, dueAtMs: nowMs + 12_345 + schedule.jitterMs });
    expect(schedule.at(nowMs)).toBeUndefined();
    expect(schedule.at(endMs)).toBeUndefined();
  });
});

describe("a schedule of no kind", () => {
  it.each([[undefined], [{}], [{ timezone: "Europe/Berlin", jitter: "5m" }]])("%j has no slots", (definition) => {
    const schedule = compile(definition);

    expect(schedule.kind).toBe("none");
    expect(takeSlots(schedule, 0, 1)).toEqual([]);
    expect(schedule.at(nowMs + 1)).toBeUndefined();
  });
});

describe("startAt and endAt", () => {
  it("bound the slots, startAt included, endAt not", () => {
    const definition = { cron: "0 * * * *", startAt: "2026-01-01T05:00:00Z", endAt: "2026-01-01T07:00:00Z" };

    expect(instants(definition, 9)).toEqual(["2026-01-01T05:00:00.000Z", "2026-01-01T06:00:00.000Z"]);
  });

  it("after() and at() agree at the edges", () => {
    const schedule = compile({ cron: "0 * * * *", startAt: "2026-01-01T05:00:00Z", endAt: "2026-01-01T07:00:00Z" });

    expect(schedule.at(Date.parse("2026-01-01T04:00:00Z"))).toBeUndefined();
    expect(schedule.at(Date.parse("2026-01-01T05:00:00Z"))).toBeDefined();
    expect(schedule.at(Date.parse("2026-01-01T05:00:01Z"))).toBeUndefined();
    expect(schedule.at(Date.parse("2026-01-01T07:00:00Z"))).toBeUndefined();
  });

  it.each([
    [{ startAt: "2026-03-01T00:00:00Z", endAt: "2026-03-01T00:00:00Z" }],
    [{ startAt: "2026-03-02T00:00:00Z", endAt: "2026-03-01T00:00:00Z" }],
    [{ endAt: NOW }],
  ])("%j is an empty window", (window) => {
    const error = scheduleErrorOf(() => compile({ cron: "@hourly", ...window }));

    expect(error).toMatchObject({ code: "window-empty", pointer: "/endAt" });
    expect(error.message).toContain(window.endAt);
  });
});

describe("maxRuns", () => {
  it("ends the schedule after so many slots from the version's commit", () => {
    const schedule = compile({ every: "1h", maxRuns: 3 });

    expect(takeSlots(schedule, nowMs + 5_400_000, 9)).toHaveLength(2);
    expect(schedule.at(nowMs + 3 * 3_600_000)).toBeDefined();
    expect(schedule.at(nowMs + 4 * 3_600_000)).toBeUndefined();
  });

  it("does not count slots that a calendar leaves out", () => {
    const calendars = someCalendars({ name: "workdays", closedWeekdays: ["sat", "sun"] });
    const schedule = compile({ cron: "0 9 * * *", calendars: ["workdays"], maxRuns: 3 }, { calendars });
    const slots = takeSlots(schedule, 0, 99);

    // 1 January 2026 is a Thursday.
    expect(slots.map(({ atMs }) => new Date(atMs).getUTCDate())).toEqual([1, 2, 3, 4, 5]);
    expect(slots.filter(({ excludedBy }) => excludedBy === undefined)).toHaveLength(3);
  });

  it("counts on at the first slot after a closed date, also when that date is an hour short", () => {
    const calendars = someCalendars({ name: "holidays", exclude: ["2026-03-08"] });
    const definition = { every: "30m", timezone: "America/New_York", calendars: ["holidays"], maxRuns: 1 };
    const sinceMs = Date.parse("2026-03-08T06:00:00Z");
    const slots = takeSlots(compile(definition, { calendars, sinceMs }), 0, 99);

    expect(new Date(slots.at(-1)?.atMs ?? 0).toISOString()).toBe("2026-03-09T04:00:00.000Z");
    expect(slots.filter(({ excludedBy }) => excludedBy === undefined)).toHaveLength(1);
  });

  it("is settled quickly when a calendar is closed for ever", () => {
    const calendars = someCalendars({ name: "never", open: "none" });
    const schedule = compile({ every: "1s", calendars: ["never"], maxRuns: 3 }, { calendars });

    expect(takeSlots(schedule, 0, 2).every(({ excludedBy }) => excludedBy === "never@1")).toBe(true);
  });
});

describe("jitter", () => {
  it("delays every slot of a job by one offset below the jitter", () => {
    const schedule = compile({ every: "1h", jitter: "10m" });
    const delays = takeSlots(schedule, 0, 5).map(({ atMs, dueAtMs }) => dueAtMs - atMs);

    expect(new Set(delays)).toEqual(new Set([schedule.jitterMs]));
    expect(schedule.jitterMs).toBeGreaterThanOrEqual(0);
    expect(schedule.jitterMs).toBeLessThan(600_000);
  });

  it("never changes for a job key, so that a new release does not move its slots", () => {
    expect(compile({ every: "1h", jitter: "10m" }, { jobKey: "default/nightly" }).jitterMs).toBe(493_075);
  });

  it("spreads jobs with similar names evenly", () => {
    const minutes = Array.from({ length: 1_000 }, (_, index) =>
      Math.floor(compile({ every: "1h", jitter: "10m" }, { jobKey: `default/job-${index}` }).jitterMs / 60_000),
    );
    const counts = Array.from({ length: 10 }, (_, minute) => minutes.filter((value) => value === minute).length);

    expect(Math.min(...counts)).toBeGreaterThan(60);
    expect(Math.max(...counts)).toBeLessThan(140);
  });

  it("of nothing is no delay", () => {
    expect(compile({ every: "1h", jitter: "0s" }).jitterMs).toBe(0);
  });
});

describe("calendars", () => {
  it("mark the slots of closed local dates with the first one that is closed", () => {
    const calendars = someCalendars(
      { name: "all-open" },
      { name: "holidays", exclude: ["2026-01-02"] },
      { name: "also", exclude: ["2026-01-02"] },
    );
    const definition = {
      cron: "30 23 * * *",
      timezone: "America/New_York",
      calendars: ["all-open", "holidays", "also"],
    };
    const slots = takeSlots(compile(definition, { calendars }), 0, 3);

    // 23:30 on 2 January in New York is 04:30 on the 3rd in UTC: the local date counts.
    expect(slots.map(({ atMs, excludedBy }) => [new Date(atMs).toISOString(), excludedBy])).toEqual([
      ["2026-01-01T04:30:00.000Z", undefined],
      ["2026-01-02T04:30:00.000Z", undefined],
      ["2026-01-03T04:30:00.000Z", "holidays@1"],
    ]);
  });

  it("that are unknown are refused with the nearest name", () => {
    const calendars = someCalendars({ name: "holidays" });
    const error = scheduleErrorOf(() => compile({ every: "1h", calendars: ["holidys"] }, { calendars }));

    expect(error).toMatchObject({ code: "unknown-reference", pointer: "/calendars/0" });
    expect(error.message).toBe('Cannot find calendar "holidys"; did you mean "holidays"');
  });
});

describe("fields that do not go together", () => {
  it.each([
    [{ cron: "@daily", every: "1h" }, "schedule-ambiguous", "/every"],
    [{ at: "2026-05-01T00:00:00Z", dates: ["2026-05-01T00:00:00Z"] }, "schedule-ambiguous", "/dates"],
    [{ every: "1h", daylightSaving: { gap: "skip" } }, "schedule-field-unused", "/daylightSaving"],
    [{ daylightSaving: {} }, "schedule-field-unused", "/daylightSaving"],
    [{ maxRuns: 3 }, "schedule-field-unused", "/maxRuns"],
    [{ startAt: "2026-05-01T00:00:00Z" }, "schedule-field-unused", "/startAt"],
  ] as const)("%j is refused: %s", (definition, code, pointer) => {
    expect(scheduleErrorOf(() => compile(definition as ScheduleDefinition))).toMatchObject({ code, pointer });
  });
});

describe("intervals", () => {
  it.each([
    [{ every: "0s" }, "/every", "such as"],
    [{ every: "-5m" }, "/every", "such as"],
    [{ every: "1000000h" }, "/every", "from 1s to 366d"],
    [{ every: "5 minuts" }, "/every", 'did you mean "5m"'],
    [{ afterEnd: "500ms" }, "/afterEnd", "from 1s to 366d"],
    [{ every: "1h", jitter: "25h" }, "/jitter", "from 0s to 24h"],
  ])("%j is refused", (definition, pointer, hint) => {
    const error = scheduleErrorOf(() => compile(definition));

    expect(error).toMatchObject({ code: "interval-invalid", pointer });
    expect(error.message).toContain(hint);
  });
});

describe("timezone", () => {
  it.each([
    ["Mars/Phobos", "such as"],
    ["EST5EDT4", "such as"],
    ["+25:00", "such as"],
    ["+01:00", "such as"],
    ["", "such as"],
    ["Europe/Berlim", 'did you mean "Europe/Berlin"'],
    ["Paris", 'did you mean "Europe/Paris"'],
    ["new york", 'did you mean "America/New_York"'],
    ["../../etc/passwd", '"../../etc/passwd"'],
    ["\u202eUTC\n", '"\\u{202e}UTC\\n"'],
  ])("%j is refused with a hint", (timezone, hint) => {
    const error = scheduleErrorOf(() => compile({ cron: "@daily", timezone }));

    expect(error).toMatchObject({ code: "timezone-unknown", pointer: "/timezone" });
    expect(error.message).toContain(hint);
  });

  it.each(["utc", "europe/berlin", "Asia/Calcutta", "Etc/GMT+5"])("%s is accepted", (timezone) => {
    expect(compile({ cron: "@daily", timezone }).kind).toBe("cron");
  });
});
