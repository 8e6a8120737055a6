import { Cron } from "croner";
import { describe, expect, it } from "vitest";
import { MAX_INSTANT_MS } from "../../../core/schedule/last-instant.ts";
import { slotTexts } from "../../support/schedules.ts";

const ZONES = ["UTC", "America/New_York", "Europe/London", "Australia/Lord_Howe", "Asia/Kathmandu"];
const COUNT = 40;

/** The same slots from a widely used cron library, where both follow the same rules. */
describe("cron slots agree with croner", () => {
  const cases = [
    "*/25 * * * *",
    "0 9 * * MON-FRI",
    "0 0 L * *",
    "0 0 15W * *",
    "0 0 LW * *",
    "0 0 * * FRI#2",
    "0 0 * * 5L",
    "0 4 13 * FRI",
    "0 0 29 2 *",
    "30 2 * * *",
    "30 1 * * *",
    "*/20 1 * * *",
    "15 0 12 1 */3 * 2026-2040",
  ].flatMap((cron) => ZONES.map((timezone) => [cron, timezone] as const));

  it.each(cases)("on %s in %s", (cron, timezone) => {
    expect(slotTexts({ cron, timezone }, "2026-02-20T00:00:00Z", COUNT)).toEqual(cronerTexts(cron, timezone, COUNT));
  });
});

/** Why croner is a witness here and not the engine: it treats these local times in another way at each change. */
describe("cron slots differ from croner", () => {
  it("when several fixed times are missing: croner leaves all out, here they fire once", () => {
    const [cron, timezone] = ["0,20,40 2 * * *", "America/New_York"] as const;

    expect(cronerTexts(cron, timezone, 50)).not.toContain("2026-03-08T07:00:00Z");
    expect(slotTexts({ cron, timezone }, "2026-02-20T00:00:00Z", 50)).toContain("2026-03-08T07:00:00Z");
  });

  it("when several fixed times repeat: croner fires them in both passes, here in the first", () => {
    const [cron, timezone] = ["0,30 1 * * *", "America/New_York"] as const;

    expect(cronerTexts(cron, timezone, 600)).toContain("2026-11-01T06:30:00Z");
    expect(slotTexts({ cron, timezone }, "2026-02-20T00:00:00Z", 600)).not.toContain("2026-11-01T06:30:00Z");
  });

  it("in a step without a range, which croner refuses and here runs to the field's end", () => {
    expect(() => new Cron("5/15 * * * *")).toThrow();
    expect(slotTexts({ cron: "5/25 * * * *" }, "2026-01-01T00:00:00Z", 3).map((slot) => slot.slice(14, 16))).toEqual([
      "05",
      "30",
      "55",
    ]);
  });
});

function cronerTexts(cron: string, timezone: string, count: number): string[] {
  const runs = new Cron(cron, { timezone }).nextRuns(count, new Date("2026-02-20T00:00:00Z"));
  // Schedules here end with the year 2100.
  return runs.filter((run) => run.getTime() <= MAX_INSTANT_MS).map((run) => run.toISOString().replace(".000Z", "Z"));
}
