import { parseArgs } from "node:util";
import { measure } from "./measure.ts";
import { perRun, type PerRun } from "./per-run.ts";
import { PriceTable } from "./prices.ts";
import { idleText, runsText } from "./report.ts";
import { scenario, SCENARIOS } from "./scenarios.ts";
import { standing } from "./standing.ts";

/**
 * What a run costs on AWS, or with `--idle` what an installation costs that does nothing. `--only minute,retry` measures some
 * scenarios, `--json` prints all figures as JSON.
 */
const { values } = parseArgs({
  options: {
    idle: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
    only: { type: "string" },
  },
});
const prices = PriceTable.read();
if (values.idle) {
  // It loads CDK, which takes seconds.
  const { idleBill } = await import("./idle-bill.ts");
  const bill = await idleBill(prices);
  print(bill, idleText(bill, prices));
} else {
  const scenarios = values.only?.split(",").map(scenario) ?? SCENARIOS;
  const rows: PerRun[] = [];
  for (const each of scenarios) {
    rows.push(perRun(await measure(each), await measure(each, { jobs: 1 }), prices));
    if (!values.json) process.stderr.write(`${each.title}: ${rows.at(-1)?.runs} runs\n`);
  }
  const standings = await standing(prices);
  print({ runs: rows, standing: standings }, runsText(rows, standings, prices));
}

function print(figures: unknown, text: string): void {
  const { version, region } = prices;
  console.log(values.json ? JSON.stringify({ prices: { version, region }, figures }, undefined, 2) : text);
}
