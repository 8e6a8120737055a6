import { describe, expect, it } from "vitest";
import { previewSchedule } from "../../../core/schedule/preview.ts";
import type { ScheduleDefinition } from "../../../core/schedule/definition.ts";
import type { ScheduleContext } from "../../../core/schedule/schedule.ts";
import { aScheduleContext, scheduleErrorOf, someCalendars } from "../../support/schedules.ts";

function preview(
  definition: ScheduleDefinition,
  range: { from: string; count: number },
  context: Partial<ScheduleContext> = {},
) {
  const fromMs = Date.parse(range.from);
  return previewSchedule(definition, aScheduleContext({ sinceMs: fromMs, createdAtMs: fromMs, ...context }), {
    fromMs,
    count: range.count,
  });
}

describe("previewSchedule() lists slots", () => {
  it("with their local time and offset, and where jitter puts them", () => {
    const { slots, ended } = preview(
      { cron: "0 9 * * *", timezone: "Asia/Kathmandu", jitter: "10m" },
      { from: "2026-01-01T00:00:00Z", count: 1 },
    );

    expect(slots).toEqual([
      { at: "2026-01-01T03:15:00.000Z", dueAt: "2026-01-01T03:23:13.075Z", local: "2026-01-01T09:00:00+05:45" },
    ]);
    expect(ended).toBe(false);
  });

  it("without a note when a slot merely falls on the end of a gap", () => {
    const { slots, leftOut } = preview(
      { cron: "0 3 * * *", timezone: "America/New_York" },
      { from: "2026-03-07T12:00:00Z", count: 1 },
    );

    expect(slots).toEqual([{ at: "2026-03-08T07:00:00.000Z", local: "2026-03-08T03:00:00-04:00" }]);
    expect(leftOut).toEqual([]);
  });

  it("of a job that is never due by itself: none", () => {
    const range = { from: "2026-01-01T00:00:00Z", count: 3 };

    expect(preview({}, range)).toEqual({ slots: [], leftOut: [], warnings: [], ended: true });
  });

  it("until the schedule ends", () => {
    const definition = { cron: "@hourly", endAt: "2026-01-01T03:00:00Z" };

    expect(preview(definition, { from: "2026-01-01T00:00:00Z", count: 2 })).toMatchObject({ ended: true });
    expect(preview(definition, { from: "2026-01-01T00:00:00Z", count: 1 })).toMatchObject({ ended: false });
  });

  it("of afterEnd: the first, without ending", () => {
    const { slots, ended } = preview({ afterEnd: "5m" }, { from: "2026-01-01T00:00:00Z", count: 5 });

    expect(slots).toHaveLength(1);
    expect(ended).toBe(false);
  });

  it.each([0, 1_001, 1.5])("but not %s of them", (count) => {
    const error = scheduleErrorOf(() => preview({ every: "1h" }, { from: "2026-01-01T00:00:00Z", count }));

    expect(error).toMatchObject({ code: "limit-too-large", pointer: "/count" });
  });
});

describe("previewSchedule() says what is left out", () => {
  it("by a calendar", () => {
    const calendars = someCalendars({ name: "holidays", exclude: ["2026-01-02"] });
    const { slots, leftOut } = preview(
      { cron: "0 9 * * *", calendars: ["holidays"] },
      { from: "2026-01-01T00:00:00Z", count: 2 },
      { calendars },
    );

    expect(slots.map(({ local }) => local.slice(8, 10))).toEqual(["01", "03"]);
    expect(leftOut).toEqual([
      {
        at: "2026-01-02T09:00:00.000Z",
        local: "2026-01-02T09:00:00+00:00",
        reason: "calendar",
        detail: "calendar holidays@1 is closed on 2026-01-02",
      },
    ]);
  });

  it("by a calendar that is closed for years, without walking every slot", () => {
    const calendars = someCalendars({ name: "late", exclude: [{ from: "1970-01-01", to: "2089-12-31" }] });
    const { slots, leftOut, warnings } = preview(
      { every: "1s", calendars: ["late"] },
      { from: "2026-01-01T00:00:00Z", count: 1 },
      { calendars },
    );

    expect(slots.map(({ at }) => at)).toEqual(["2090-01-01T00:00:00.000Z"]);
    expect(leftOut).toHaveLength(1_000);
    expect(warnings.map(({ code }) => code)).toEqual(["rare-schedule", "left-out-cut"]);
  });

  it("by a gap that is skipped", () => {
    const { slots, leftOut } = preview(
      { cron: "30 2 * * *", timezone: "America/New_York", daylightSaving: { gap: "skip" } },
      { from: "2026-03-07T12:00:00Z", count: 1 },
    );

    expect(slots.map(({ local }) => local)).toEqual(["2026-03-09T02:30:00-04:00"]);
    expect(leftOut).toEqual([
      {
        local: "2026-03-08T02:30:00",
        reason: "dst-gap",
        detail: "2026-03-08T02:30:00 does not exist: clocks go forward",
      },
    ]);
  });

  it("by a gap in a schedule that follows elapsed time", () => {
    const { slots, leftOut } = preview(
      { cron: "*/20 * * * *", timezone: "America/New_York" },
      { from: "2026-03-08T06:30:00Z", count: 2 },
    );

    expect(slots.map(({ local }) => local.slice(11, 16))).toEqual(["01:40", "03:00"]);
    expect(leftOut.map(({ detail }) => detail)).toEqual([
      "3 local times from 2026-03-08T02:00:00 to 2026-03-08T02:40:00 do not exist: clocks go forward",
    ]);
  });

  it("by a gap at whose end several local times fire as one", () => {
    const { slots, leftOut, warnings } = preview(
      { cron: "0,30 2 * * *", timezone: "America/New_York" },
      { from: "2026-03-07T12:00:00Z", count: 1 },
    );

    expect(slots).toEqual([{ at: "2026-03-08T07:00:00.000Z", local: "2026-03-08T03:00:00-04:00", note: "dst-gap" }]);
    expect(leftOut.map(({ detail }) => detail)).toEqual([
      "2 local times from 2026-03-08T02:00:00 to 2026-03-08T02:30:00 do not exist: clocks go forward; " +
        "one slot stands for all, at 2026-03-08T03:00:00",
    ]);
    expect(warnings).toEqual([
      {
        code: "dst-gap",
        detail: "A local time does not exist when clocks go forward; its slot is at 2026-03-08T03:00:00-04:00",
      },
    ]);
  });

  it.each([
    ["first", "2026-11-01T05:30:00.000Z", "2026-11-01T06:30:00.000Z", "-05:00"],
    ["second", "2026-11-01T06:30:00.000Z", "2026-11-01T05:30:00.000Z", "-04:00"],
  ] as const)("by a repeated hour that fires in its %s pass", (repeat, fires, left, offset) => {
    const { slots, leftOut } = preview(
      { cron: "30 1 * * *", timezone: "America/New_York", daylightSaving: { repeat } },
      { from: "2026-10-31T12:00:00Z", count: 2 },
    );

    expect(slots.map(({ at, note }) => [at, note])).toEqual([
      [fires, "dst-repeat"],
      ["2026-11-02T06:30:00.000Z", undefined],
    ]);
    expect(leftOut).toEqual([
      {
        at: left,
        local: `2026-11-01T01:30:00${offset}`,
        reason: "dst-repeat",
        detail: `2026-11-01T01:30:00 comes twice: clocks go back; the ${repeat} pass fires`,
      },
    ]);
  });

  it("and nothing when both passes of a repeated hour fire", () => {
    const { slots, leftOut } = preview(
      { cron: "30 1 * * *", timezone: "America/New_York", daylightSaving: { repeat: "both" } },
      { from: "2026-10-31T12:00:00Z", count: 2 },
    );

    expect(slots.map(({ note }) => note)).toEqual(["dst-repeat", "dst-repeat"]);
    expect(leftOut).toEqual([]);
  });
});

describe("previewSchedule() warns", () => {
  it.each([
    [{ cron: "0 0 29 2 *" }, ["rare-schedule"]],
    [{ cron: "0 0 1 1 *" }, []],
    [{ cron: "0 0 1 1 1" }, ["cron-dom-dow-or"]],
    [{ cron: "0 0 ? * 1" }, []],
    [{ at: "2030-01-01T00:00:00Z" }, ["rare-schedule"]],
  ] as const)("of %j: %j", (definition, codes) => {
    const { warnings } = preview(definition, { from: "2026-01-01T00:00:00Z", count: 3 });

    expect(warnings.map(({ code }) => code)).toEqual(codes);
  });

  it("of a rare schedule even shortly before one of its slots, naming the next three", () => {
    const { warnings } = preview({ cron: "0 0 29 2 *" }, { from: "2028-02-01T00:00:00Z", count: 3 });

    expect(warnings).toEqual([
      {
        code: "rare-schedule",
        detail:
          "More than a year lies between slots; next 2028-02-29T00:00:00+00:00, " +
          "2032-02-29T00:00:00+00:00, 2036-02-29T00:00:00+00:00",
      },
    ]);
  });

  it("of a schedule whose calendars leave nothing to fire", () => {
    const calendars = someCalendars({ name: "never", open: "none" });
    const { warnings, ended } = preview(
      { cron: "@yearly", calendars: ["never"] },
      { from: "2026-01-01T00:00:00Z", count: 1 },
      { calendars },
    );

    expect(warnings.map(({ code }) => code)).toEqual(["no-slots"]);
    expect(ended).toBe(true);
  });
});
