import { difference, type MeterReading } from "../cloud/host/meter.ts";
import { SeededRandom } from "../support/seeded-random.ts";
import { CostWorld } from "./cost-world.ts";
import type { Scenario } from "./scenarios.ts";

export interface Measured {
  readonly scenario: Scenario;
  /** Runs that came to their end. */
  readonly runs: number;
  readonly minutes: number;
  /** All that was consumed meanwhile. */
  readonly used: MeterReading;
}

export interface MeasureOptions {
  readonly jobs?: number;
  readonly workers?: number;
  readonly minutes?: number;
}

/** Together enough for all runs of a minute at the same time. */
const WORKERS = 2;
const SLOTS = 64;
const MINUTE_MS = 60_000;

/** Lets a scenario happen, and reads the meter before and after. */
export async function measure(scenario: Scenario, options: MeasureOptions = {}): Promise<Measured> {
  const { jobs = scenario.jobs, minutes = scenario.minutes, workers = WORKERS } = options;
  const { attempts = 1, warmUp, prepare, act } = scenario;
  const random = new SeededRandom(7);
  let runs = 0;
  const world = await CostWorld.open({
    workers,
    slots: SLOTS,
    isMirrored: scenario.isMirrored ?? false,
    behave: ({ attempt }) => {
      if (attempt === attempts) runs += 1;
      return scenario.behave(attempt, random);
    },
  });
  await prepare(world, jobs);
  await world.advance(warmUp * MINUTE_MS);
  const [before, runsBefore] = [world.reading(), runs];
  await act?.(world, jobs);
  await world.advance(minutes * MINUTE_MS);
  const [after, runsAfter] = [world.reading(), runs];
  await world.close();
  return { scenario, runs: runsAfter - runsBefore, minutes, used: difference(after, before) };
}
