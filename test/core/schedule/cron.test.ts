import { describe, expect, it } from "vitest";
import { parseCron } from "../../../core/schedule/cron.ts";
import { compileSchedule } from "../../../core/schedule/compile.ts";
import { aScheduleContext, scheduleErrorOf, slotTexts } from "../../support/schedules.ts";

describe("parseCron() reads", () => {
  it("five fields, with the second 0", () => {
    expect(parseCron("5 4 * * *")).toMatchObject({ seconds: [0], minutes: [5], hours: [4], years: undefined });
  });

  it("six fields, seconds first, and seven, year last", () => {
    expect(parseCron("9 5 4 * * *")).toMatchObject({ seconds: [9], minutes: [5], hours: [4], years: undefined });
    expect(parseCron("9 5 4 * * * 2027")).toMatchObject({ seconds: [9], years: [2027] });
  });

  it.each([
    ["@yearly", "0 0 1 1 *"],
    ["@annually", "0 0 1 1 *"],
    ["@monthly", "0 0 1 * *"],
    ["@weekly", "0 0 * * 0"],
    ["@daily", "0 0 * * *"],
    ["@midnight", "0 0 * * *"],
    ["@HOURLY", "0 * * * *"],
    ["0 0 * jan,Dec MON-fri", "0 0 * 1,12 1-5"],
    ["0 0 ? * ?", "0 0 * * *"],
    ["0 0 * * 7", "0 0 * * 0"],
    ["0 0 * * FRI-SUN", "0 0 * * 5,6,0"],
    ["50/5 * * * *", "50,55 * * * *"],
    ["0,0,0 1-3 * * *", "0 1,2,3 * * *"],
    ["  0\t0  * * * ", "0 0 * * *"],
  ])("%s as %s", (text, same) => {
    const { followsElapsedTime: _, ...cron } = parseCron(text);
    const { followsElapsedTime: __, ...expected } = parseCron(same);

    expect(cron).toEqual(expected);
  });

  it.each([
    ["* 30 2 * * *", false],
    ["30 2-4 * * *", false],
    ["* 2 * * *", true],
    ["0 0-23/2 * * *", true],
    ["5/10 2 * * *", true],
  ])("%s as following elapsed time: %s", (text, expected) => {
    expect(parseCron(text).followsElapsedTime).toBe(expected);
  });
});

describe("days", () => {
  it.each([
    ["L is the last day", "0 0 L * *", ["01-31", "02-28", "03-31"]],
    ["LW is the last workday", "0 0 LW * *", ["01-30", "02-27", "03-31"]],
    ["15W is the workday nearest to the 15th", "0 0 15W * *", ["01-15", "02-16", "03-16"]],
    ["1W does not leave its month", "0 0 1W AUG *", ["08-03"]],
    ["31W leaves out months without a 31st and does not leave its month", "0 0 31W 1-5 *", ["01-30", "03-31", "05-29"]],
    ["MON#2 is the second Monday", "0 0 * * MON#2", ["01-12", "02-09", "03-09"]],
    ["FRI#5 leaves out months without a fifth Friday", "0 0 * * FRI#5", ["01-30", "05-29"]],
    ["5L is the last Friday", "0 0 * * 5L", ["01-30", "02-27", "03-27"]],
    ["both day fields: either matches", "0 0 13 * FRI#1", ["01-02", "01-13", "02-06", "02-13"]],
    ["a stepped day of month counts as given", "0 0 */20 * MON#1", ["01-05", "01-21", "02-01", "02-02", "02-21"]],
  ])("%s", (_, cron, days) => {
    const slots = slotTexts({ cron }, "2026-01-01T00:00:00Z", days.length);

    expect(slots.map((slot) => slot.slice(5, 10))).toEqual(days);
  });

  it("29 February is found across years that are not leap years", () => {
    expect(slotTexts({ cron: "0 0 29 2 *" }, "2095-01-01T00:00:00Z", 2)).toEqual(["2096-02-29T00:00:00Z"]);
  });
});

describe("compileSchedule() refuses a cron", () => {
  it.each([
    ["", "cron-empty", undefined],
    ["   ", "cron-empty", undefined],
    ["* * * *", "cron-field-count", undefined],
    ["* * * * * * * *", "cron-field-count", undefined],
    ["60 * * * *", "cron-out-of-range", 0],
    ["* 24 * * *", "cron-out-of-range", 2],
    ["* * 0 * *", "cron-out-of-range", 4],
    ["* * 32W * *", "cron-out-of-range", 4],
    ["* * * 13 *", "cron-out-of-range", 6],
    ["* * * * 8", "cron-out-of-range", 8],
    ["0 0,12-24 * * *", "cron-out-of-range", 7],
    ["*/0 * * * *", "cron-bad-step", 2],
    ["*/70 * * * *", "cron-bad-step", 2],
    ["0 */24 * * *", "cron-bad-step", 4],
    ["5/x * * * *", "cron-bad-step", 2],
    ["5-1 * * * *", "cron-bad-range", 0],
    ["0 0 * * FRI-MON", "cron-bad-range", 8],
    ["0 0 30 2 *", "cron-never-fires", undefined],
    ["0 0 31 4,6 *", "cron-never-fires", undefined],
    ["0 0 31W 2 *", "cron-never-fires", undefined],
    ["0 0 9 1 1 * 2020", "cron-never-fires", undefined],
    ["0 0 9 1 1 * 2101-2200", "cron-never-fires", undefined],
    ["0 0 9 29 2 * 2027", "cron-never-fires", undefined],
    [Array.from({ length: 5_000 }, () => "1").join(",") + " * * * *", "cron-too-long", undefined],
    ["@reboot", "cron-unsupported", 0],
    ["@every 5m", "cron-unsupported", 0],
    ["H * * * *", "cron-unsupported", 0],
    ["0 H(0-6) * * *", "cron-unsupported", 2],
    ["0 0 1-5W * *", "cron-unsupported", 6],
    ["0 0 *W * *", "cron-unsupported", 4],
    ["0 0 L-3 * *", "cron-unsupported", 4],
    ["0 0 * * 15W", "cron-unsupported", 8],
    ["0 0 * * L", "cron-unsupported", 8],
    ["0 0 * * MON#6", "cron-unsupported", 8],
    ["0 0 * * MON#", "cron-unsupported", 8],
    ["0 0 MON#1 * *", "cron-unsupported", 4],
    ["? * * * *", "cron-unsupported", 0],
    ["L * * * *", "cron-unsupported", 0],
    ["٠ ٠ * * *", "cron-bad-character", 0],
    ["0 ０ * * *", "cron-bad-character", 2],
    ["0\u200b 0 * * *", "cron-bad-character", 1],
    ["0 0 * * \u017fUN", "cron-bad-character", 8],
    ["1,,2 * * * *", "cron-bad-value", 2],
    ["1- * * * *", "cron-bad-value", 0],
    ["FOO * * * *", "cron-bad-value", 0],
    ["0 0 * APRIL *", "cron-bad-value", 6],
    ["-5 * * * *", "cron-bad-value", 0],
    ["1.5 * * * *", "cron-bad-character", 1],
  ])("%j: %s", (cron, code, position) => {
    const error = scheduleErrorOf(() => compileSchedule({ cron }, aScheduleContext({ sinceMs: Date.UTC(2026, 0, 1) })));

    expect(error).toMatchObject({ code, pointer: "/cron" });
    expect(error.position).toBe(position);
  });

  it.each([
    ["* 24 * * *", 'Cannot read cron field hour: "24" is outside 0-23'],
    [
      "*/70 * * * *",
      'Cannot read cron field minute: step "70" is not within 1-59; a larger one would match a single value',
    ],
    ["0 22-5 * * *", 'Cannot read cron field hour: range "22-5" runs backwards; to wrap around write 22-23,0-5'],
    ["0 0 30 2 *", "Cannot use cron: it never fires; month 2 has no day 30"],
    ["0 0 9 1 1 * 2020", "Cannot use cron: it never fires; year 2020 is not within 2026-2100"],
    ["٠ * * * *", "Cannot read cron: character U+0660 is not allowed"],
    ["* * * *", "Cannot read cron: found 4 fields, need 5, 6 (seconds first) or 7 (year last)"],
  ])("%j and says what is wrong", (cron, message) => {
    const error = scheduleErrorOf(() => compileSchedule({ cron }, aScheduleContext({ sinceMs: Date.UTC(2026, 0, 1) })));

    expect(error.message).toBe(message);
  });

  it("that names only a local time which daylight saving skips", () => {
    const schedule = { cron: "0 30 2 8 3 * 2026", timezone: "America/New_York" };
    const context = aScheduleContext({ sinceMs: Date.UTC(2026, 0, 1) });

    const error = scheduleErrorOf(() => compileSchedule({ ...schedule, daylightSaving: { gap: "skip" } }, context));

    expect(error.code).toBe("cron-never-fires");
    expect(slotTexts(schedule, "2026-01-01T00:00:00Z", 2)).toEqual(["2026-03-08T07:00:00Z"]);
  });
});
