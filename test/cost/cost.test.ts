import { describe, expect, it } from "vitest";
import { idleBill } from "./idle-bill.ts";
import { measure } from "./measure.ts";
import { perRun, type PerRun } from "./per-run.ts";
import { PriceTable } from "./prices.ts";
import { scenario } from "./scenarios.ts";

/** Two visits of each job or three, and one sweep of the settler. */
const MINUTES = 15;
const prices = PriceTable.read();

async function cost(name: string, jobs: number, minutes = MINUTES): Promise<PerRun> {
  const all = await measure(scenario(name), { minutes, jobs });
  return perRun(all, await measure(scenario(name), { minutes, jobs: 1 }), prices);
}

/** Dollars without the time of functions, which depends on the machine. */
function usdWithoutTime({ totalUsdPerMillion, usdPerMillion }: PerRun): number {
  return totalUsdPerMillion - (usdPerMillion["lambda.compute"] ?? 0);
}

// Thousands of requests each, one after the other where two cores are shared.
describe("the cost of a run", { timeout: 120_000 }, () => {
  it("of a job each minute stays within 4 write units, 1.5 read units, 0.4 requests to queues and $2.80 a million", async () => {
    const run = await cost("minute", 100);

    expect(run.runs).toBe(100 * MINUTES);
    expect(run.writeUnits).toBeLessThanOrEqual(4);
    expect(run.readUnits).toBeLessThanOrEqual(1.5);
    expect(run.queueRequests).toBeLessThanOrEqual(0.4);
    expect(usdWithoutTime(run)).toBeLessThanOrEqual(2.8);
  });

  it.each(["minute-skip", "key"])("of a job that holds one limit (%s) stays within 5.5 write units", async (name) => {
    expect((await cost(name, 5, 6)).writeUnits).toBeLessThanOrEqual(5.5);
  });

  it("of a job each second falls towards 2 write units", async () => {
    expect((await cost("second", 2, 3)).writeUnits).toBeLessThanOrEqual(2.1);
  });

  it("of a step stays within 6 write units and 4 requests to queues", async () => {
    const step = await cost("workflow", 5, 10);

    // Two slots of five workflows; a step or two fall before the first reading.
    expect(step.runs).toBeGreaterThan(90);
    expect(step.writeUnits).toBeLessThanOrEqual(6);
    expect(step.queueRequests).toBeLessThanOrEqual(4);
  });

  it("of a step that Step Functions shows stays within 2 transitions, 10 write units and 8 requests to queues", async () => {
    const step = await cost("workflow-shown", 5, 10);

    expect(step.runs).toBeGreaterThan(90);
    expect(step.transitions).toBeGreaterThan(0.9);
    expect(step.transitions).toBeLessThanOrEqual(2);
    expect(step.writeUnits).toBeLessThanOrEqual(10);
    expect(step.queueRequests).toBeLessThanOrEqual(8);
  });
});

describe("an installation that does nothing", () => {
  it("costs no more than a dollar a month beyond alarms and dashboard, and nothing in it is of unknown price", async () => {
    const { items, unknown } = await idleBill(prices);
    const engine = items.filter(({ isWatching }) => !isWatching).reduce((sum, { usd }) => sum + usd, 0);

    expect(engine).toBeLessThanOrEqual(1);
    expect(unknown).toEqual({});
  });
});

describe("PriceTable", () => {
  const price = { id: "a", what: "A", usd: 2, per: 1_000, freePerMonth: 500, source: "s" };
  const table = {
    version: "2026-01-01",
    region: "us-east-1",
    currency: "USD",
    sources: { s: "A page" },
    prices: [price],
  };

  it("prices units by the list, and what is beyond the free ones", () => {
    const a = new PriceTable(table);

    expect([a.usd("a", 1_500), a.usdAfterFree("a", 1_500), a.usdAfterFree("a", 400)]).toEqual([3, 2, 0]);
    expect(a.sourceOf("a")).toBe("A page");
  });

  it.each([
    { what: "an id twice", change: { prices: [price, price] } },
    { what: "a price without a source", change: { sources: {} } },
    { what: "a price of nothing", change: { prices: [{ ...price, usd: 0 }] } },
  ])("refuses $what", ({ change }) => {
    expect(() => new PriceTable({ ...table, ...change })).toThrow(/source|id|usd/i);
  });

  it("says which price is missing", () => {
    expect(() => prices.usd("dynamodb.wirte", 1)).toThrow('Cannot find the price of "dynamodb.wirte"');
  });
});
