import type { SeededRandom } from "../support/seeded-random.ts";
import type { CostWorld } from "./cost-world.ts";
import type { Behaviour } from "./timed-executor.ts";

const OK = { ok: true } as const;
const REPORT = { type: "command", argv: ["/opt/jobs/report", "--quiet"] } as const;
const FAILED = { ok: false, error: { name: "Error", message: "The upstream answered 503" }, exitCode: 1 } as const;

/** A kind of load whose cost per run is of interest. */
export interface Scenario {
  readonly name: string;
  readonly title: string;
  /** What attempt `attempt` of a run does. */
  readonly behave: (attempt: number, random: SeededRandom) => Behaviour;
  /** Attempts until a run has ended. @default 1 */
  readonly attempts?: number;
  /** Minutes that pass uncounted between `prepare` and the first reading. */
  readonly warmUp: number;
  /** Minutes between the readings, unless the caller asks for others. */
  readonly minutes: number;
  /** Defines the jobs. */
  readonly prepare: (world: CostWorld, jobs: number) => Promise<void>;
  /** What is asked of the API after the first reading. @default nothing */
  readonly act?: (world: CostWorld, jobs: number) => Promise<void>;
  /** Jobs, unless the caller asks for others. */
  readonly jobs: number;
  /** Whether runs of workflows are shown as executions of state machines. @default false */
  readonly isMirrored?: boolean;
}

/** From 50 ms to 2 s, since runs that end at the same time are cheaper than those of a real day. */
function short(random: SeededRandom): Behaviour {
  return { takesMs: random.between(50, 2_000), outcome: OK };
}

/** Long enough that nothing is left of what defining the jobs has sent ahead, job by job. */
const WARM_UP = 10;
const EVERY_MINUTE = { warmUp: WARM_UP, minutes: 30, jobs: 100 };

function everyMinute(extra: object): Scenario["prepare"] {
  return (world, jobs) => defineAll(world, jobs, () => ({ schedule: { cron: "* * * * *" }, ...extra }));
}

const TEN_STEPS = {
  behave: (_: number, random: SeededRandom) => short(random),
  warmUp: WARM_UP,
  minutes: 30,
  jobs: 50,
  prepare: (world: CostWorld, jobs: number) =>
    defineAll(world, jobs, () => ({
      schedule: { cron: "*/5 * * * *" },
      overlap: "allow",
      executor: { type: "workflow", steps: chain(10) },
    })),
};

export const SCENARIOS: readonly Scenario[] = [
  {
    ...EVERY_MINUTE,
    name: "minute",
    title: "each minute, overlap allowed",
    behave: (_, random) => short(random),
    prepare: everyMinute({ overlap: "allow" }),
  },
  {
    ...EVERY_MINUTE,
    name: "minute-skip",
    title: "each minute, overlap skipped (the default)",
    behave: (_, random) => short(random),
    prepare: everyMinute({ overlap: "skip" }),
  },
  {
    name: "second",
    title: "each second, overlap allowed",
    behave: (_, random) => ({ takesMs: random.between(50, 500), outcome: OK }),
    warmUp: 7,
    minutes: 6,
    jobs: 10,
    prepare: (world, jobs) => defineAll(world, jobs, () => ({ schedule: { every: "1s" }, overlap: "allow" })),
  },
  {
    name: "one-off",
    title: "one-off, its definition included",
    behave: (_, random) => short(random),
    warmUp: 1,
    minutes: 45,
    jobs: 100,
    prepare: () => Promise.resolve(),
    act: (world, jobs) =>
      defineAll(world, jobs, () => ({ schedule: { at: "2026-01-05T10:20:00Z" }, overlap: "allow" })),
  },
  {
    name: "manual",
    title: "manual, one request each",
    behave: (_, random) => short(random),
    warmUp: WARM_UP,
    minutes: 45,
    jobs: 100,
    prepare: (world, jobs) => defineAll(world, jobs, () => ({ overlap: "allow" })),
    act: async (world, jobs) => {
      for (let index = 0; index < jobs; index += 1)
        await world.request("POST", `/v1/namespaces/default/jobs/${nameOf(index)}/runs`, {});
    },
  },
  {
    name: "heartbeat",
    title: "150 s long, a sign of life each 30 s",
    behave: () => ({ takesMs: 150_000, outcome: OK, progressEveryMs: 30_000 }),
    warmUp: WARM_UP,
    minutes: 50,
    jobs: 100,
    prepare: (world, jobs) =>
      defineAll(world, jobs, () => ({
        schedule: { cron: "*/5 * * * *" },
        overlap: "allow",
        timeouts: { heartbeat: "60s" },
      })),
  },
  {
    ...EVERY_MINUTE,
    name: "key",
    title: "each minute, one concurrency key",
    behave: (_, random) => short(random),
    prepare: everyMinute({ overlap: "allow", concurrency: [{ key: "customer-42", limit: 1 }] }),
  },
  {
    ...EVERY_MINUTE,
    name: "retry",
    title: "each minute, one retry after 5 s",
    attempts: 2,
    behave: (attempt, random) => ({ ...short(random), outcome: attempt === 1 ? FAILED : OK }),
    prepare: everyMinute({
      overlap: "allow",
      retry: { maxAttempts: 2, backoff: { initial: "5s", jitter: "none" } },
    }),
  },
  {
    ...EVERY_MINUTE,
    name: "failed",
    title: "each minute, failed",
    behave: (_, random) => ({ ...short(random), outcome: FAILED }),
    prepare: everyMinute({ overlap: "allow" }),
  },
  {
    ...TEN_STEPS,
    name: "workflow",
    title: "a step of a workflow of ten, its share of the workflow included",
  },
  {
    ...TEN_STEPS,
    name: "workflow-shown",
    title: "the same, shown in Step Functions",
    isMirrored: true,
  },
];

/** Steps that follow one another. */
function chain(length: number): Readonly<Record<string, object>> {
  const names = Array.from({ length }, (_, index) => `step-${index + 1}`);
  return Object.fromEntries(
    names.map((name, index) => [name, { executor: REPORT, ...(index > 0 && { needs: [names[index - 1]] }) }]),
  );
}

export function scenario(name: string): Scenario {
  const found = SCENARIOS.find((each) => each.name === name);
  if (found !== undefined) return found;
  throw new Error(`Cannot measure "${name}": scenarios are ${SCENARIOS.map((each) => each.name).join(", ")}`);
}

/** Asks for nothing: what the platform and its waiting workers cost by themselves. */
export const IDLE: Scenario = {
  name: "idle",
  title: "nothing",
  behave: () => ({ takesMs: 0, outcome: OK }),
  warmUp: WARM_UP,
  minutes: 30,
  jobs: 0,
  prepare: () => Promise.resolve(),
};

async function defineAll(world: CostWorld, jobs: number, definition: (index: number) => object): Promise<void> {
  for (let index = 0; index < jobs; index += 1) {
    const name = nameOf(index);
    const whole = { name, executor: REPORT, ...definition(index) };
    await world.request("PUT", `/v1/namespaces/default/jobs/${name}`, whole);
  }
}

function nameOf(index: number): string {
  return `nightly-report-${index}`;
}
