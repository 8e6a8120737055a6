import { describe, expect, it } from "vitest";
import { elapsedMs, localInstant, shortDuration } from "../../../client/cli/instants.ts";

describe("localInstant()", () => {
  it.each([
    ["2026-03-08T07:30:00.000Z", "UTC", "2026-03-08 07:30:00Z"],
    ["2026-03-08T07:30:00.250Z", "Europe/Berlin", "2026-03-08 08:30:00.250 +01:00"],
    ["2026-07-08T23:30:00.000Z", "Europe/Berlin", "2026-07-09 01:30:00 +02:00"],
    ["2026-03-08T00:00:00.000Z", "Asia/Kathmandu", "2026-03-08 05:45:00 +05:45"],
    ["2026-03-08T05:00:00.000Z", "America/New_York", "2026-03-08 00:00:00 -05:00"],
    ["not an instant", "UTC", "not an instant"],
  ])("shows %s in %s as %s", (at, zone, expected) => {
    expect(localInstant(at, zone)).toBe(expected);
  });
});

describe("shortDuration()", () => {
  it.each([
    [0, "0ms"],
    [999, "999ms"],
    [1_000, "1.0s"],
    [59_949, "59.9s"],
    [59_960, "1m00s"],
    [3_599_000, "59m59s"],
    [3_600_000, "1h00m"],
    [86_399_000, "1d00h"],
    [100 * 3_600_000, "4d04h"],
  ])("shows %d ms as %s", (ms, expected) => {
    expect(shortDuration(ms)).toBe(expected);
  });
});

it("elapsedMs() is unknown while an end is missing", () => {
  expect(elapsedMs("2026-03-08T07:30:00.000Z", undefined)).toBeUndefined();
  expect(elapsedMs("2026-03-08T07:30:00.000Z", "2026-03-08T07:30:01.500Z")).toBe(1_500);
});
