import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compileSchedule } from "../../../core/schedule/compile.ts";
import { oracleSlots } from "../../support/oracle-schedule.ts";
import { aScheduleContext } from "../../support/schedules.ts";

/** 18 months from each start; between them they hold every kind of change: an hour, half, two, a whole day, at midnight. */
const ZONES = [
  { timezone: "UTC", from: "2026-01-01" },
  { timezone: "America/New_York", from: "2026-01-01" },
  { timezone: "Europe/London", from: "2026-01-01" },
  { timezone: "Europe/Berlin", from: "2026-01-01" },
  { timezone: "Australia/Lord_Howe", from: "2026-01-01" },
  { timezone: "Africa/Casablanca", from: "2026-01-01" },
  { timezone: "Pacific/Apia", from: "2011-01-01" },
  { timezone: "America/Sao_Paulo", from: "2017-09-01" },
  { timezone: "America/Santiago", from: "2026-01-01" },
  { timezone: "America/Havana", from: "2026-01-01" },
  { timezone: "America/St_Johns", from: "2009-01-01" },
  { timezone: "Asia/Kathmandu", from: "2026-01-01" },
  { timezone: "Africa/Tunis", from: "2005-01-01" },
  { timezone: "Asia/Shanghai", from: "1990-01-01" },
  { timezone: "Pacific/Auckland", from: "2026-01-01" },
  { timezone: "Antarctica/Troll", from: "2026-01-01" },
  { timezone: "Asia/Gaza", from: "2040-01-01" },
];
const MONTHS_18_MS = 548 * 86_400_000;

/** Fixed times in the hours that change: checked under every policy. */
const FIXED = ["30 2 * * *", "0,20,40 1,2 * * *", "0 0 * * *", "15,45 0-3 * * SUN", "10 30 2,3 * * FRI-SUN"];
const POLICIES = [{}, { gap: "skip" }, { repeat: "second" }, { gap: "skip", repeat: "both" }] as const;

const OTHERS = [
  "59 23 L * *",
  "0 12 15W * ?",
  "0 9 LW * *",
  "0 9 1W,31W,16-18 * *",
  "5 4 13 * FRI",
  "0 8 ? * MON#2,FRIL",
  "30 0 * JAN-MAR,OCT,NOV 0",
  "0 0 29 2 *",
  "*/20 30 1 * * 7",
  "0 15 1 1/2 * * 2026-2027",
  "@weekly",
  "*/20 1-3 * * *",
  "0 */2 * * *",
  "7/25 * * * SAT,SUN",
];

describe("cron slots agree with an independent walk through every minute", () => {
  it.each(ZONES)("in $timezone from $from", ({ timezone, from }) => {
    const fromMs = Date.parse(from);
    const toMs = fromMs + MONTHS_18_MS;
    const questions = [
      ...FIXED.flatMap((cron) => POLICIES.map((daylightSaving) => ({ cron, daylightSaving }))),
      ...OTHERS.map((cron) => ({ cron, daylightSaving: { gap: "next", repeat: "second" } as const })),
    ].map((question) => ({ ...question, timezone, fromMs, toMs }));
    for (const question of questions) {
      expect(coreSlots(question), JSON.stringify(question)).toEqual(oracleSlots(question));
    }
  });

  it("in any zone at any time", () => {
    const hours = fc.uniqueArray(fc.integer({ min: 0, max: 23 }), { minLength: 1, maxLength: 12 });
    const minutes = fc.uniqueArray(fc.integer({ min: 0, max: 59 }), { minLength: 1, maxLength: 3 });
    const questions = fc.record({
      cron: fc.oneof(
        fc.tuple(minutes, hours).map(([minute, hour]) => `${minute.join(",")} ${hour.join(",")} * * *`),
        fc.integer({ min: 7, max: 59 }).map((step) => `*/${step} 0-4 * * *`),
      ),
      timezone: fc.constantFrom(...Intl.supportedValuesOf("timeZone")),
      daylightSaving: fc.record({
        gap: fc.constantFrom("next", "skip"),
        repeat: fc.constantFrom("first", "second", "both"),
      }),
      fromMs: fc.integer({ min: Date.UTC(1973, 0, 1), max: Date.UTC(2099, 0, 1) }),
    });
    fc.assert(
      fc.property(questions, (question) => {
        const stretch = { ...question, toMs: question.fromMs + 90 * 86_400_000 };

        expect(coreSlots(stretch)).toEqual(oracleSlots(stretch));
      }),
      { numRuns: 150 },
    );
  });

  it("for every second of the hours around a change", () => {
    const question = {
      cron: "* * * * * *",
      timezone: "America/New_York",
      fromMs: Date.parse("2026-11-01T04:00:00Z"),
      toMs: Date.parse("2026-11-01T08:00:00Z"),
    };
    expect(coreSlots(question)).toEqual(oracleSlots(question));
  });
});

type Question = Parameters<typeof oracleSlots>[0];

function coreSlots({ cron, timezone, daylightSaving, fromMs, toMs }: Question): number[] {
  const schedule = compileSchedule(
    { cron, timezone, ...(daylightSaving === undefined ? {} : { daylightSaving }) },
    aScheduleContext(),
  );
  const slots: number[] = [];
  for (const { atMs } of schedule.after(fromMs - 1)) {
    if (atMs >= toMs) break;
    slots.push(atMs);
  }
  return slots;
}
