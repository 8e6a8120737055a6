import { describe, expect, it } from "vitest";
import { openLocalServer } from "./local-server.ts";

const NEW_YORK = ["--tz", "America/New_York", "--from", "2026-03-07T00:00:00Z", "--count", "3"];

describe("preview", () => {
  it("shows slots through a change of the clocks, with a warning", async () => {
    const { cli } = await openLocalServer();

    const { exitCode, stdout, stderr } = await cli(["preview", "--cron", "30 2 * * *", ...NEW_YORK]);

    expect(exitCode).toBe(0);
    expect(stdout).toBe(
      [
        "SLOT (UTC)                LOCAL                      NOTE",
        "2026-03-07T07:30:00.000Z  2026-03-07T02:30:00-05:00",
        "2026-03-08T07:00:00.000Z  2026-03-08T03:00:00-04:00  dst-gap",
        "2026-03-09T06:30:00.000Z  2026-03-09T02:30:00-04:00",
        "",
      ].join("\n"),
    );
    expect(stderr).toMatch(/^warning\[dst-gap\]: /);
  });

  it("follows the policy for local times that do not exist", async () => {
    const { cli } = await openLocalServer();

    const { stdout } = await cli(["preview", "--cron", "30 2 * * *", "--gap", "skip", ...NEW_YORK]);

    expect(stdout).not.toContain("2026-03-08T07:00:00.000Z");
    expect(stdout).toMatch(/\nleft out: 2026-03-08T02:30/);
  });

  it.each([
    [
      ["--every", "6h", "--start-at", "2099-01-01T00:00:00Z", "--count", "2"],
      ["2099-01-01T00:00:00.000Z", "2099-01-01T06:00:00.000Z"],
    ],
    [["--at", "2099-01-01T00:00:00Z"], ["2099-01-01T00:00:00.000Z"]],
    [
      ["--at", "2099-01-02T00:00:00Z", "--at", "2099-01-01T00:00:00Z"],
      ["2099-01-01T00:00:00.000Z", "2099-01-02T00:00:00.000Z"],
    ],
  ])("%j", async (options, slots) => {
    const { cli } = await openLocalServer();

    const { stdout } = await cli(["preview", ...options, "--json"]);

    const preview = JSON.parse(stdout) as { slots: { at: string }[] };
    expect(preview.slots.map(({ at }) => at)).toEqual(slots);
  });

  it.each([
    [["--cron", "0 25 * * *"], "cron-out-of-range"],
    [["--cron", "0 2 * * *", "--every", "5m"], "schedule-ambiguous"],
    [["--cron", "0 2 * * *", "--tz", "Mars/Phobos"], "timezone-unknown"],
    [["--cron", "0 0 30 2 *"], "cron-never-fires"],
    [["--cron", ""], "cron-empty"],
  ])("%j ends with 2: %s", async (options, code) => {
    const { cli } = await openLocalServer();

    const { exitCode, stdout, stderr } = await cli(["preview", ...options]);

    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: "" });
    expect(stderr).toMatch(new RegExp(`^error\\[${code}\\]: `));
  });
});
