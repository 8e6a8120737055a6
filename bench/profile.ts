/** What is measured; `W5M` is W5 for those whose smallest cron is a minute. */
export const WORKLOADS = ["W1", "W2", "W3", "W4", "W5", "W5M", "W6", "W7"] as const;
export type Workload = (typeof WORKLOADS)[number];

/** How much is measured. */
export interface Profile {
  readonly name: "quick" | "full";
  readonly workloads: readonly Workload[];
  readonly contenders: readonly string[];
  readonly repetitions: number;
  /** Length of the windows of W2, W4 and W5. */
  readonly windowMs: number;
  /** Other jobs in the store, for W4; ascending. */
  readonly levels: readonly number[];
  readonly fillLimitMs: number;
  readonly crashWatchMs: number;
  /** Of ten steps each, at a time, for W7. */
  readonly workflows: number;
  /** How long a measurement waits for the machine to be quiet. */
  readonly quietLimitMs: number;
  /** How often a disturbed measurement is repeated; the quietest one counts. */
  readonly retries: number;
  /** After this no further measurement is started. */
  readonly budgetMs: number;
}

const MINUTE_MS = 60_000;

export const QUICK: Profile = {
  name: "quick",
  workloads: ["W1", "W2", "W3", "W4", "W5", "W6", "W7"],
  contenders: ["carillon", "carillon@normal", "bullmq", "pg-boss", "graphile-worker"],
  repetitions: 1,
  windowMs: 4_000,
  levels: [10_000],
  fillLimitMs: 20_000,
  crashWatchMs: 15_000,
  workflows: 1_000,
  quietLimitMs: 1_000,
  retries: 0,
  budgetMs: 4.7 * MINUTE_MS,
};

export const FULL: Profile = {
  name: "full",
  workloads: WORKLOADS,
  contenders: [
    "carillon",
    "carillon@normal",
    "carillon@jobs",
    "bullmq",
    "bullmq@always",
    "bullmq@hz500",
    "pg-boss",
    "pg-boss@async",
    "graphile-worker",
    "graphile-worker@async",
  ],
  repetitions: 3,
  windowMs: 20_000,
  levels: [10_000, 100_000, 1_000_000],
  fillLimitMs: 10 * MINUTE_MS,
  crashWatchMs: MINUTE_MS,
  workflows: 1_000,
  quietLimitMs: 30_000,
  retries: 1,
  budgetMs: 240 * MINUTE_MS,
};

export const COUNTS = {
  throughput: 20_000,
  singles: 2_000,
  /** A second, in W2 and W4. */
  precisionPerS: 100,
  herd: 10_000,
  crons: 1_000,
  crash: 5_000,
  killAtStart: 2_000,
  /** Workflows that run one after the other, in W7. */
  workflowsAlone: 50,
} as const;

/** Workloads that a variant is made for. */
const VARIANT_WORKLOADS: ReadonlyMap<string, readonly Workload[]> = new Map([
  ["carillon@jobs", ["W4"]],
  ["bullmq@hz500", ["W2", "W5"]],
  ["bullmq@always", ["W1", "W2", "W3", "W5"]],
  ["pg-boss@async", ["W1", "W2", "W3"]],
  ["graphile-worker@async", ["W1", "W2", "W3"]],
]);

/** Whether a variant is made for a workload; those that are not named above take part in all. */
export function isMeantFor(label: string, workload: Workload): boolean {
  return VARIANT_WORKLOADS.get(label)?.includes(workload) ?? true;
}
