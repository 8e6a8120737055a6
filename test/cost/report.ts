import type { BillItem, IdleBill } from "./idle-bill.ts";
import type { PerRun } from "./per-run.ts";
import type { PriceTable } from "./prices.ts";
import type { Standing } from "./standing.ts";

/** The table of `npm run cost`: a row for each scenario. */
export function runsText(rows: readonly PerRun[], standings: readonly Standing[], prices: PriceTable): string {
  const header = [
    "per run",
    "write",
    "read",
    "send",
    "receive",
    "extend",
    "delete",
    "queue",
    "lambda",
    "states",
    "GB-s*",
    "$/million",
  ];
  const lines = rows.map((row) => [
    row.title,
    ...[row.writeUnits, row.readUnits].map((units) => units.toFixed(2)),
    ...[row.queue.send, row.queue.receive, row.queue.extend, row.queue.delete, row.queueRequests].map((n) =>
      n.toFixed(2),
    ),
    row.lambdaInvocations.toFixed(2),
    row.transitions.toFixed(2),
    row.gbSeconds.toFixed(4),
    row.totalUsdPerMillion.toFixed(2),
  ]);
  return [
    table([header, ...lines]),
    "",
    "write, read: request units of DynamoDB. send ... delete, queue (all together): requests to SQS.",
    "states: transitions of Step Functions.",
    "* estimated from the time that the functions took on this machine.",
    "",
    table([
      ["by the hour", "write", "read", "queue", "$/month"],
      ...standings.map(({ title, writeUnitsPerHour, readUnitsPerHour, queueRequestsPerHour, usdPerMonth }) => [
        title,
        ...[writeUnitsPerHour, readUnitsPerHour, queueRequestsPerHour].map((units) => units.toFixed(0)),
        usdPerMonth.toFixed(2),
      ]),
    ]),
    "",
    footer(prices),
  ].join("\n");
}

/** The table of `npm run cost -- --idle`. */
export function idleText({ items, free, unknown }: IdleBill, prices: PriceTable): string {
  const row = ({ what, price, unitsPerMonth, usd, usdAfterFree }: BillItem) => [
    what,
    prices.get(price).what,
    unitsPerMonth.toLocaleString("en-US", { maximumFractionDigits: 3 }),
    usd.toFixed(3),
    usdAfterFree.toFixed(3),
  ];
  const [engine, watching] = [
    items.filter(({ isWatching }) => !isWatching),
    items.filter(({ isWatching }) => isWatching),
  ];
  return [
    table([
      ["a month without use", "price", "units", "$ list", "$ after free"],
      ...engine.map(row),
      sums("Engine", engine),
      ...watching.map(row),
      sums("Alarms, metrics, dashboard", watching),
      sums("All", items),
    ]),
    "",
    `Nothing to pay without use: ${countsText(free)}`,
    ...(Object.keys(unknown).length === 0 ? [] : [`Price unknown to this report: ${countsText(unknown)}`]),
    footer(prices),
  ].join("\n");
}

function sums(title: string, items: readonly BillItem[]): string[] {
  const usd = items.reduce((sum, item) => sum + item.usd, 0);
  const usdAfterFree = items.reduce((sum, item) => sum + item.usdAfterFree, 0);
  return [title, "", "", usd.toFixed(2), usdAfterFree.toFixed(2)];
}

function footer(prices: PriceTable): string {
  return `List prices of ${prices.region} as of ${prices.version} (test/cost/prices.json), without tax.`;
}

function countsText(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts)
    .map(([type, count]) => `${count} ${type.replace("AWS::", "")}`)
    .join(", ");
}

/** The first column to the left, numbers to the right. */
function table(rows: readonly (readonly string[])[]): string {
  const columns = rows[0] ?? [];
  const widths = columns.map((_, column) => Math.max(...rows.map((row) => (row[column] ?? "").length)));
  return rows
    .map((row) =>
      row
        .map((cell, column) =>
          /^[\d.,-]+$/.test(cell) ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0),
        )
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}
