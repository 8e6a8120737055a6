import { describe, expect, it } from "vitest";
import { compileCalendar, isOpen } from "../../../core/schedule/calendar.ts";
import { scheduleErrorOf } from "../../support/schedules.ts";

describe("isOpen()", () => {
  const golden = compileCalendar({
    name: "china",
    closedWeekdays: ["sat", "sun"],
    exclude: [{ from: "2026-10-01", to: "2026-10-07" }, "2026-01-01"],
    include: ["2026-10-10", "2026-10-04"],
  });

  it.each([
    ["2026-09-30", true, "an ordinary Wednesday"],
    ["2026-10-03", false, "a closed weekday inside a closed range"],
    ["2026-10-01", false, "the first day of a closed range"],
    ["2026-10-07", false, "the last day of a closed range"],
    ["2026-10-08", true, "the day after a closed range"],
    ["2026-10-10", true, "a Saturday that is a make-up workday"],
    ["2026-10-04", true, "a date that is both excluded and included"],
    ["2026-10-11", false, "a closed weekday"],
    ["2026-01-01", false, "a single closed date"],
    ["1969-12-27", false, "a Saturday before 1970"],
  ])("%s: %s, %s", (date, expected) => {
    expect(isOpen(golden, date)).toBe(expected);
  });

  it("is false for dates that nothing opens when the calendar is closed otherwise", () => {
    const calendar = compileCalendar({
      name: "payday",
      open: "none",
      include: [{ from: "2026-01-30", to: "2026-02-01" }],
    });

    expect(["2026-01-29", "2026-01-30", "2026-02-01", "2026-02-02"].map((date) => isOpen(calendar, date))).toEqual([
      false,
      true,
      true,
      false,
    ]);
  });

  it("takes overlapping and touching ranges as one", () => {
    const calendar = compileCalendar({
      name: "closed",
      exclude: [
        { from: "2026-01-03", to: "2026-01-10" },
        { from: "2026-01-01", to: "2026-01-02" },
        "2026-01-05",
        "2026-01-12",
      ],
    });
    const open = Array.from({ length: 13 }, (_, index) => index + 1).filter((day) =>
      isOpen(calendar, `2026-01-${String(day).padStart(2, "0")}`),
    );

    expect(open).toEqual([11, 13]);
  });
});

describe("compileCalendar() refuses", () => {
  it("a range that ends before it begins", () => {
    const exclude = ["2026-01-01", { from: "2026-10-07", to: "2026-10-01" }];

    expect(scheduleErrorOf(() => compileCalendar({ name: "x", exclude }))).toMatchObject({
      code: "calendar-range-reversed",
      pointer: "/exclude/1",
    });
  });

  it.each(["2026-02-30", "2026-2-3", "yesterday"])("the date %s", (date) => {
    expect(scheduleErrorOf(() => compileCalendar({ name: "x", include: [date] }))).toMatchObject({
      code: "date-invalid",
      pointer: "/include/0",
    });
  });
});
