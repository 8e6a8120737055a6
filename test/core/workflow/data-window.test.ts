import { describe, expect, it } from "vitest";
import { dataWindow } from "../../../core/workflow/data-window.ts";

const NOON = Date.parse("2026-03-29T12:34:56.789Z");

describe("dataWindow()", () => {
  it.each([
    ["slot", 0, "UTC", "2026-03-29T12:34:56.789Z", "2026-03-29T12:34:56.790Z"],
    ["hour", 0, "UTC", "2026-03-29T12:00:00.000Z", "2026-03-29T13:00:00.000Z"],
    ["hour", -2, "Asia/Kolkata", "2026-03-29T10:30:00.000Z", "2026-03-29T11:30:00.000Z"],
    // The day on which clocks go forward has 23 hours.
    ["day", 0, "Europe/Berlin", "2026-03-28T23:00:00.000Z", "2026-03-29T22:00:00.000Z"],
    ["day", -1, "Europe/Berlin", "2026-03-27T23:00:00.000Z", "2026-03-28T23:00:00.000Z"],
    ["week", 0, "UTC", "2026-03-23T00:00:00.000Z", "2026-03-30T00:00:00.000Z"],
    ["month", -1, "UTC", "2026-02-01T00:00:00.000Z", "2026-03-01T00:00:00.000Z"],
    ["month", -3, "UTC", "2025-12-01T00:00:00.000Z", "2026-01-01T00:00:00.000Z"],
  ] as const)("of a %s with offset %i in %s", (window, offset, zone, from, before) => {
    const { fromMs, beforeMs } = dataWindow(NOON, { window, offset }, zone);
    expect([new Date(fromMs).toISOString(), new Date(beforeMs).toISOString()]).toEqual([from, before]);
  });
});
