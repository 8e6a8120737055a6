import { describe, expect, it } from "vitest";
import { playRound } from "./round.ts";

const SEED = 20_261_128;
const KILLS = 16;

describe("a short round of chaos", () => {
  it("loses, doubles and forgets nothing while servers, workers and commands are killed, frozen and cut off", async () => {
    const { report, violations, journal, folder } = await playRound({
      seed: SEED,
      minutes: 0.3,
      kills: KILLS,
      servers: 2,
      workers: 2,
      only: [],
      longestMs: 5_000,
      settleWithinMs: 60_000,
    });
    process.stdout.write(`Seed ${SEED}: ${JSON.stringify(report)}\n`);
    if (folder !== undefined)
      process.stdout.write(`${journal.lines().join("\n")}\nData, logs and journal are in ${folder}\n`);

    expect(violations.map(({ kind, text }) => `${kind}: ${text}`)).toEqual([]);
    // Without harm that was really done the rest means nothing.
    expect(report.killsTotal).toBeGreaterThanOrEqual(KILLS - 1);
    expect(Object.keys(report.kills)).toEqual(["child", "server", "worker"]);
    expect(report.takeovers).toBeGreaterThan(0);
    expect(report.freezes).toEqual({ server: expect.any(Number) as number, worker: expect.any(Number) as number });
    expect(report.copies["whole"]).toBeGreaterThan(0);
    expect(report.copies["torn"]).toBeGreaterThan(0);
    expect(report.outages).toMatchObject({ "disk full": 1, "database busy": 1, "long reader": 1, connections: 1 });
    expect(report.slots.fired).toBeGreaterThan(50);
    expect(report.operations["acknowledged"]).toBeGreaterThan(50);
    expect(report.effects).toBeGreaterThan(100);
  }, 180_000);
});
