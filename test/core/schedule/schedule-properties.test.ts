import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compileSchedule } from "../../../core/schedule/compile.ts";
import type { ScheduleDefinition } from "../../../core/schedule/definition.ts";
import { MAX_INSTANT_MS } from "../../../core/schedule/last-instant.ts";
import { findZone } from "../../../core/schedule/zone.ts";
import { ScheduleError } from "../../../core/schedule/schedule-error.ts";
import { aScheduleContext, takeSlots } from "../../support/schedules.ts";

const timezones = fc.constantFrom(...Intl.supportedValuesOf("timeZone"));
const instants = fc.integer({ min: 0, max: Date.UTC(2099, 0, 1) });

const values = (least: number, most: number) =>
  fc.uniqueArray(fc.integer({ min: least, max: most }), { minLength: 1, maxLength: 3 }).map((list) => list.join(","));
const field = (least: number, most: number) =>
  fc.oneof(
    fc.constant("*"),
    values(least, most),
    fc.integer({ min: 2, max: Math.min(20, most) - least }).map((step) => `*/${step}`),
  );

const crons = fc
  .tuple(
    field(0, 59),
    field(0, 23),
    fc.oneof(field(1, 28), fc.constantFrom("L", "LW", "15W")),
    field(1, 12),
    field(0, 6),
  )
  .map((fields) => fields.join(" "));
const cronSchedules: fc.Arbitrary<ScheduleDefinition> = fc.record({
  cron: crons,
  timezone: timezones,
  daylightSaving: fc.record({
    gap: fc.constantFrom("next", "skip"),
    repeat: fc.constantFrom("first", "second", "both"),
  }),
});
const schedules: fc.Arbitrary<ScheduleDefinition> = fc.oneof(
  cronSchedules,
  fc.record({ every: fc.integer({ min: 1, max: 100_000 }).map((seconds) => `${seconds}s`) }),
  fc.record({
    dates: fc
      .uniqueArray(instants, { minLength: 1, maxLength: 20 })
      .map((list) => list.map((atMs) => new Date(atMs + 1).toISOString())),
  }),
);

describe("every schedule", () => {
  it("has strictly increasing slots after any instant", () => {
    fc.assert(
      fc.property(schedules, instants, (definition, afterMs) => {
        const slots = takeSlots(compileSchedule(definition, aScheduleContext()), afterMs, 20).map(({ atMs }) => atMs);

        expect(slots.every((atMs, index) => atMs > (slots[index - 1] ?? afterMs))).toBe(true);
      }),
    );
  });

  it("goes on from any instant as it would have from an earlier one", () => {
    fc.assert(
      fc.property(schedules, instants, fc.nat(9), fc.nat(1_000), (definition, afterMs, index, moreMs) => {
        const schedule = compileSchedule(definition, aScheduleContext());
        const slots = takeSlots(schedule, afterMs, 20).map(({ atMs }) => atMs);
        const cutMs = (slots[index] ?? afterMs) + moreMs;
        const rest = slots.filter((atMs) => atMs > cutMs);

        expect(takeSlots(schedule, cutMs, rest.length).map(({ atMs }) => atMs)).toEqual(rest);
      }),
    );
  });

  it("has a slot at exactly the instants that after() gives", () => {
    fc.assert(
      fc.property(schedules, instants, fc.integer({ min: -2_000, max: 2_000 }), (definition, afterMs, byMs) => {
        const schedule = compileSchedule(definition, aScheduleContext());
        const slots = takeSlots(schedule, afterMs, 10);
        for (const slot of slots) {
          expect(schedule.at(slot.atMs)).toEqual(slot);
          const nearMs = slot.atMs + byMs;
          const [next] = takeSlots(schedule, nearMs - 1, 1);
          expect(schedule.at(nearMs)?.atMs).toBe(next?.atMs === nearMs ? nearMs : undefined);
        }
      }),
    );
  });

  it("gives the same slots whenever it is compiled", () => {
    fc.assert(
      fc.property(schedules, instants, (definition, afterMs) => {
        const compile = () => takeSlots(compileSchedule(definition, aScheduleContext()), afterMs, 5);

        expect(compile()).toEqual(compile());
      }),
    );
  });
});

describe("instants with a fraction", () => {
  it("are taken as they are: a slot within the same millisecond is not after them", () => {
    const schedule = compileSchedule({ every: "1s" }, aScheduleContext());

    expect(takeSlots(schedule, 1_000.4, 1)[0]?.atMs).toBe(2_000);
    expect(takeSlots(schedule, 999.9, 1)[0]?.atMs).toBe(1_000);
    expect(schedule.at(1_000.4)).toBeUndefined();
  });

  it("and infinite ones are the whole schedule and nothing", () => {
    const schedule = compileSchedule({ cron: "@yearly" }, aScheduleContext());

    expect(takeSlots(schedule, -Infinity, 1)[0]?.atMs).toBe(Date.UTC(1971, 0, 1));
    expect(takeSlots(schedule, Infinity, 1)).toEqual([]);
    expect(takeSlots(schedule, MAX_INSTANT_MS, 1)).toEqual([]);
  });
});

describe("compileSchedule()", () => {
  it("answers any cron text with a schedule or a ScheduleError", () => {
    const texts = fc.oneof(
      fc.string({ unit: "binary", maxLength: 40 }),
      fc
        .array(fc.constantFrom(..."0123456789*/-,LW#?@ SUNJAFEB".split("")), { maxLength: 30 })
        .map((letters) => letters.join("")),
      fc.array(field(0, 70), { minLength: 4, maxLength: 8 }).map((fields) => fields.join(" ")),
    );
    fc.assert(
      fc.property(texts, (cron) => {
        try {
          compileSchedule({ cron }, aScheduleContext());
        } catch (error) {
          expect(error).toBeInstanceOf(ScheduleError);
        }
      }),
      { numRuns: 2_000 },
    );
  });
});

describe("findZone()", () => {
  it("knows the offset of every zone at any instant as the platform does", () => {
    fc.assert(
      fc.property(timezones, instants, (timezone, atMs) => {
        const segment = findZone(timezone)?.segmentAt(atMs);
        const wholeMs = atMs - (atMs % 1_000);

        expect(segment?.offsetMs).toBe(platformLocalMs(timezone, wholeMs) - wholeMs);
        expect(segment?.fromMs).toBeLessThanOrEqual(atMs);
        expect(segment?.toMs).toBeGreaterThan(atMs);
      }),
      { numRuns: 300 },
    );
  });

  it("ends segments at the second of the change", () => {
    expect(findZone("America/New_York")?.segmentAt(Date.UTC(2029, 5, 1))).toEqual({
      fromMs: Date.parse("2029-03-11T07:00:00Z"),
      toMs: Date.parse("2029-11-04T06:00:00Z"),
      offsetMs: -4 * 3_600_000,
      offsetBeforeMs: -5 * 3_600_000,
      secondPassUntilMs: Date.parse("2029-03-11T07:00:00Z"),
      firstPassFromMs: Date.parse("2029-11-04T05:00:00Z"),
    });
    expect(findZone("Africa/Monrovia")?.segmentAt(0).offsetMs).toBe(-(44 * 60 + 30) * 1_000);
  });

  it("knows no zones by offset or by other names", () => {
    expect(["+01:00", "", "Mars/Phobos"].map(findZone)).toEqual([undefined, undefined, undefined]);
  });
});

/** The reading of the zone's clock, through the parts of a formatted date. */
function platformLocalMs(timezone: string, atMs: number): number {
  const format = new Intl.DateTimeFormat("en-US", {
    timeZone: timezone,
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric",
  });
  const parts = Object.fromEntries(format.formatToParts(atMs).map(({ type, value }) => [type, Number(value)]));
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts;
  return Date.UTC(year, month - 1, day, hour, minute, second);
}
