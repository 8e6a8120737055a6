import { type MeterReading, total } from "../cloud/host/meter.ts";
import { measure } from "./measure.ts";
import type { PriceTable } from "./prices.ts";
import { IDLE, scenario } from "./scenarios.ts";

/** What is consumed by the hour, however much runs. List prices of a month of it. */
export interface Standing {
  readonly title: string;
  readonly writeUnitsPerHour: number;
  readonly readUnitsPerHour: number;
  readonly queueRequestsPerHour: number;
  readonly usdPerMonth: number;
}

const HOURS_PER_MONTH = 730;

/** A platform that is asleep, one that is awake (its tick comes each minute, a pool has workers), and a worker that waits. */
export async function standing(prices: PriceTable): Promise<readonly Standing[]> {
  const [minutes, workers] = [30, 2];
  const asleep = await measure(IDLE, { minutes, workers: 0 });
  const waiting = await measure(IDLE, { minutes, workers });
  const awake = await measure(scenario("minute"), { minutes, workers, jobs: 1 });
  const zero: MeterReading = [];
  const row = (title: string, [more, less]: readonly [MeterReading, MeterReading], count = 1): Standing => {
    const hourly = (service: string, quantity: "writeUnits" | "readUnits" | "chargedRequests" | "gbMs") =>
      ((total(more, { service })[quantity] - total(less, { service })[quantity]) * 60) / minutes / count;
    const units = {
      "dynamodb.write": hourly("dynamodb", "writeUnits"),
      "dynamodb.read": hourly("dynamodb", "readUnits"),
      "sqs.request": hourly("sqs", "chargedRequests"),
      "lambda.request": hourly("lambda", "chargedRequests"),
      "lambda.compute": hourly("lambda", "gbMs") / 1_000,
      "scheduler.invocation": hourly("lambda", "chargedRequests"),
    };
    return {
      title,
      writeUnitsPerHour: units["dynamodb.write"],
      readUnitsPerHour: units["dynamodb.read"],
      queueRequestsPerHour: units["sqs.request"],
      usdPerMonth: Object.entries(units).reduce((sum, [id, each]) => sum + prices.usd(id, each * HOURS_PER_MONTH), 0),
    };
  };
  return [
    row("platform asleep, by the hour", [asleep.used, zero]),
    row("platform awake, with one job each minute", [awake.used, waiting.used]),
    row("a worker that waits", [waiting.used, asleep.used], workers),
  ];
}
