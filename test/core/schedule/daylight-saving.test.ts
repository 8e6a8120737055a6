import { describe, expect, it } from "vitest";
import { slotTexts } from "../../support/schedules.ts";

/** Known changes of offset, each with the instants written out by hand from the zone's published rules. */
const FIXED_TIMES = [
  {
    name: "New York, an hour forward at 02:00 on 2026-03-08",
    timezone: "America/New_York",
    cron: "30 2 * * *",
    after: "2026-03-07T12:00:00Z",
    slots: ["2026-03-08T07:00:00Z", "2026-03-09T06:30:00Z"],
  },
  {
    name: "New York, an hour back at 02:00 on 2026-11-01",
    timezone: "America/New_York",
    cron: "30 1 * * *",
    after: "2026-10-31T12:00:00Z",
    slots: ["2026-11-01T05:30:00Z", "2026-11-02T06:30:00Z"],
  },
  {
    name: "London, an hour forward at 01:00 on 2026-03-29",
    timezone: "Europe/London",
    cron: "30 1 * * *",
    after: "2026-03-28T12:00:00Z",
    slots: ["2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"],
  },
  {
    name: "London, an hour back at 02:00 on 2026-10-25",
    timezone: "Europe/London",
    cron: "30 1 * * *",
    after: "2026-10-24T12:00:00Z",
    slots: ["2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"],
  },
  {
    name: "Berlin, an hour forward at 02:00 on 2026-03-29",
    timezone: "Europe/Berlin",
    cron: "15 2 * * *",
    after: "2026-03-28T12:00:00Z",
    slots: ["2026-03-29T01:00:00Z", "2026-03-30T00:15:00Z"],
  },
  {
    name: "Lord Howe, half an hour forward at 02:00 on 2026-10-04",
    timezone: "Australia/Lord_Howe",
    cron: "15 2 * * *",
    after: "2026-10-03T00:00:00Z",
    slots: ["2026-10-03T15:30:00Z", "2026-10-04T15:15:00Z"],
  },
  {
    name: "Lord Howe, half an hour back at 02:00 on 2026-04-05",
    timezone: "Australia/Lord_Howe",
    cron: "45 1 * * *",
    after: "2026-04-04T00:00:00Z",
    slots: ["2026-04-04T14:45:00Z", "2026-04-05T15:15:00Z"],
  },
  {
    name: "Casablanca, an hour back at 03:00 on 2026-02-15, for Ramadan",
    timezone: "Africa/Casablanca",
    cron: "30 2 * * *",
    after: "2026-02-14T12:00:00Z",
    slots: ["2026-02-15T01:30:00Z", "2026-02-16T02:30:00Z"],
  },
  {
    name: "Casablanca, an hour forward at 02:00 on 2026-03-22",
    timezone: "Africa/Casablanca",
    cron: "30 2 * * *",
    after: "2026-03-21T12:00:00Z",
    slots: ["2026-03-22T02:00:00Z", "2026-03-23T01:30:00Z"],
  },
  {
    name: "Apia, where 2011-12-30 does not exist",
    timezone: "Pacific/Apia",
    cron: "0 9 * * *",
    after: "2011-12-29T00:00:00Z",
    slots: ["2011-12-29T19:00:00Z", "2011-12-30T10:00:00Z", "2011-12-30T19:00:00Z", "2011-12-31T19:00:00Z"],
  },
  {
    name: "São Paulo, an hour forward at midnight on 2018-11-04",
    timezone: "America/Sao_Paulo",
    cron: "0 0 * * *",
    after: "2018-11-03T12:00:00Z",
    slots: ["2018-11-04T03:00:00Z", "2018-11-05T02:00:00Z"],
  },
  {
    name: "São Paulo, an hour back at midnight on 2018-02-18",
    timezone: "America/Sao_Paulo",
    cron: "30 23 * * *",
    after: "2018-02-17T12:00:00Z",
    slots: ["2018-02-18T01:30:00Z", "2018-02-19T02:30:00Z"],
  },
  {
    name: "Santiago, an hour back at midnight on 2026-04-05",
    timezone: "America/Santiago",
    cron: "0 23 * * *",
    after: "2026-04-04T12:00:00Z",
    slots: ["2026-04-05T02:00:00Z", "2026-04-06T03:00:00Z"],
  },
  {
    name: "Santiago, an hour forward at midnight on 2026-09-06",
    timezone: "America/Santiago",
    cron: "0 0 * * *",
    after: "2026-09-05T12:00:00Z",
    slots: ["2026-09-06T04:00:00Z", "2026-09-07T03:00:00Z"],
  },
  {
    name: "Auckland, an hour forward at 02:00 on 2026-09-27",
    timezone: "Pacific/Auckland",
    cron: "30 2 * * *",
    after: "2026-09-26T00:00:00Z",
    slots: ["2026-09-26T14:00:00Z", "2026-09-27T13:30:00Z"],
  },
  {
    name: "Troll, two hours forward at 01:00 on 2026-03-29",
    timezone: "Antarctica/Troll",
    cron: "30 1,2 * * *",
    after: "2026-03-28T12:00:00Z",
    slots: ["2026-03-29T01:00:00Z", "2026-03-29T23:30:00Z", "2026-03-30T00:30:00Z"],
  },
  {
    name: "Kathmandu, at +05:45 all year",
    timezone: "Asia/Kathmandu",
    cron: "0 6 * * *",
    after: "2026-03-28T12:00:00Z",
    slots: ["2026-03-29T00:15:00Z", "2026-03-30T00:15:00Z"],
  },
  {
    name: "Kolkata, at +05:30 all year",
    timezone: "Asia/Kolkata",
    cron: "0 6 * * *",
    after: "2026-03-28T12:00:00Z",
    slots: ["2026-03-29T00:30:00Z", "2026-03-30T00:30:00Z"],
  },
  {
    name: "Shanghai, at +08:00 all year",
    timezone: "Asia/Shanghai",
    cron: "0 6 * * *",
    after: "2026-03-28T12:00:00Z",
    slots: ["2026-03-28T22:00:00Z", "2026-03-29T22:00:00Z"],
  },
];

describe("a fixed local time fires once a day", () => {
  it.each(FIXED_TIMES)("in $name", ({ timezone, cron, after, slots }) => {
    expect(slotTexts({ cron, timezone }, after, slots.length)).toEqual(slots);
  });

  it("and several missing ones fire together, once, at the gap's end", () => {
    const schedule = { cron: "0,20,40 2 * * *", timezone: "America/New_York" };

    expect(slotTexts(schedule, "2026-03-07T12:00:00Z", 2)).toEqual(["2026-03-08T07:00:00Z", "2026-03-09T06:00:00Z"]);
  });

  it("and a missing one that falls on another slot does not double it", () => {
    const schedule = { cron: "0 2,3 * * *", timezone: "America/New_York" };

    expect(slotTexts(schedule, "2026-03-07T12:00:00Z", 2)).toEqual(["2026-03-08T07:00:00Z", "2026-03-09T06:00:00Z"]);
  });
});

describe("daylightSaving.gap", () => {
  it("skip leaves out the day on which the local time does not exist", () => {
    const schedule = {
      cron: "30 2 * * *",
      timezone: "America/New_York",
      daylightSaving: { gap: "skip" },
    } as const;

    expect(slotTexts(schedule, "2026-03-06T12:00:00Z", 2)).toEqual(["2026-03-07T07:30:00Z", "2026-03-09T06:30:00Z"]);
  });
});

describe("daylightSaving.repeat", () => {
  it.each([
    ["first", ["2026-11-01T05:15:00Z", "2026-11-01T05:45:00Z", "2026-11-02T06:15:00Z"]],
    ["second", ["2026-11-01T06:15:00Z", "2026-11-01T06:45:00Z", "2026-11-02T06:15:00Z"]],
    ["both", ["2026-11-01T05:15:00Z", "2026-11-01T05:45:00Z", "2026-11-01T06:15:00Z", "2026-11-01T06:45:00Z"]],
  ] as const)("%s chooses the pass in which fixed times fire", (repeat, slots) => {
    const schedule = { cron: "15,45 1 * * *", timezone: "America/New_York", daylightSaving: { repeat } };

    expect(slotTexts(schedule, "2026-10-31T12:00:00Z", slots.length)).toEqual(slots);
  });

  it("concerns the seconds of a fixed minute too", () => {
    const schedule = { cron: "*/30 30 1 * * *", timezone: "America/New_York" };

    expect(slotTexts(schedule, "2026-11-01T05:00:00Z", 3)).toEqual([
      "2026-11-01T05:30:00Z",
      "2026-11-01T05:30:30Z",
      "2026-11-02T06:30:00Z",
    ]);
  });
});

describe("a schedule with a wildcard or step in its hour or minute follows elapsed time", () => {
  it.each([
    ["*/30 * * * *", "2026-11-01T04:45:00Z", ["05:00", "05:30", "06:00", "06:30", "07:00"]],
    ["*/30 1 * * *", "2026-11-01T04:45:00Z", ["05:00", "05:30", "06:00", "06:30"]],
    ["0 * * * *", "2026-11-01T04:45:00Z", ["05:00", "06:00", "07:00"]],
    ["30 1/23 * * *", "2026-11-01T04:45:00Z", ["05:30", "06:30"]],
    ["*/30 * * * *", "2026-03-08T06:15:00Z", ["06:30", "07:00", "07:30"]],
    ["30 * * * *", "2026-03-08T06:15:00Z", ["06:30", "07:30"]],
    ["0 */2 * * *", "2026-03-08T04:15:00Z", ["05:00", "08:00", "10:00"]],
  ])("%s after %s: both repeated hours, nothing for missing times", (cron, after, times) => {
    const slots = slotTexts({ cron, timezone: "America/New_York" }, after, times.length);

    expect(slots.map((slot) => slot.slice(11, 16))).toEqual(times);
  });

  it("whatever repeat says", () => {
    const schedule = {
      cron: "*/30 1 * * *",
      timezone: "America/New_York",
      daylightSaving: { repeat: "second" },
    } as const;

    expect(slotTexts(schedule, "2026-11-01T04:45:00Z", 4)).toEqual(
      slotTexts({ ...schedule, daylightSaving: {} }, "2026-11-01T04:45:00Z", 4),
    );
  });

  it("also in the last hour that the expression names", () => {
    const schedule = { cron: "0 */30 1 1 11 * 2026", timezone: "America/New_York" };

    expect(slotTexts(schedule, "2026-01-01T00:00:00Z", 9)).toEqual([
      "2026-11-01T05:00:00Z",
      "2026-11-01T05:30:00Z",
      "2026-11-01T06:00:00Z",
      "2026-11-01T06:30:00Z",
    ]);
  });
});
