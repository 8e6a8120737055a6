import type { MeasurementRow } from "../row.ts";

/** A column of a table: the median of one figure. */
export interface Column {
  readonly title: string;
  readonly figure: string;
  /** Which way is better, for the columns that are compared with the best peer. */
  readonly better?: "more" | "less";
}

export interface TableDefinition {
  readonly workload: MeasurementRow["workload"];
  readonly title: string;
  readonly columns: readonly Column[];
}

const LATENESS: readonly Column[] = [
  { title: "p50 ms", figure: "p50Ms" },
  { title: "p99 ms", figure: "p99Ms", better: "less" },
  { title: "max ms", figure: "maxMs" },
];
const COUNTS: readonly Column[] = [
  { title: "not run", figure: "notRun" },
  { title: "twice", figure: "twice" },
  { title: "early", figure: "early" },
];
const CPU: Column = { title: "CPU s", figure: "cpuS", better: "less" };
const CRON: readonly Column[] = [
  ...LATENESS,
  { title: "expected", figure: "expected" },
  { title: "missed", figure: "missed" },
  { title: "twice", figure: "twice" },
  { title: "register ms", figure: "registerMs" },
  CPU,
];

export const TABLES: readonly TableDefinition[] = [
  {
    workload: "W1",
    title: "W1 throughput: 20,000 no-op jobs",
    columns: [
      { title: "enqueue/s", figure: "enqueuePerS", better: "more" },
      { title: "one by one/s", figure: "singlePerS", better: "more" },
      { title: "process/s", figure: "processPerS", better: "more" },
      { title: "end to end/s", figure: "endToEndPerS", better: "more" },
      CPU,
      { title: "not run", figure: "notRun" },
      { title: "not ended", figure: "notEnded" },
      { title: "twice", figure: "twice" },
    ],
  },
  {
    workload: "W2",
    title: "W2 precision: one-off runs, 100 a second",
    columns: [...LATENESS, ...COUNTS, CPU],
  },
  {
    workload: "W3",
    title: "W3 herd: 10,000 due at one instant",
    columns: [
      { title: "last ms", figure: "maxMs", better: "less" },
      { title: "p50 ms", figure: "p50Ms" },
      { title: "p99 ms", figure: "p99Ms" },
      ...COUNTS,
      { title: "insert ms", figure: "insertMs" },
      CPU,
    ],
  },
  {
    workload: "W4",
    title: "W4 growth: W2 with other jobs in the store",
    columns: [...LATENESS, { title: "not run", figure: "notRun" }, CPU, { title: "memory MB", figure: "rssMb" }],
  },
  {
    workload: "fill",
    title: "W4, filling the store",
    columns: [
      { title: "jobs", figure: "filled" },
      { title: "jobs/s", figure: "fillPerS" },
      { title: "took s", figure: "fillS" },
    ],
  },
  { workload: "W5", title: "W5 recurring: 1,000 cron jobs, half each second, half each 2 s", columns: CRON },
  { workload: "W5M", title: "W5 recurring: 1,000 cron jobs at one minute", columns: CRON },
  {
    workload: "W6",
    title: "W6 crash: SIGKILL in the middle of 5,000 jobs of 1 ms",
    columns: [
      { title: "restart s", figure: "restartS" },
      { title: "interrupted", figure: "interrupted" },
      { title: "first rerun s", figure: "firstRerunS" },
      { title: "last rerun s", figure: "lastRerunS", better: "less" },
      { title: "half of the backlog s", figure: "backlogP50S" },
      { title: "all done s", figure: "allDoneS", better: "less" },
      { title: "not run", figure: "notRun" },
      { title: "started twice", figure: "startedTwice" },
      { title: "completed twice", figure: "completedTwice" },
    ],
  },
  {
    workload: "W7",
    title: "W7 workflows: ten steps each, five in a row and then five side by side",
    columns: [
      { title: "at a time", figure: "workflows" },
      { title: "steps/s", figure: "stepsPerS", better: "more" },
      { title: "start p50 ms", figure: "p50Ms" },
      { title: "start p99 ms", figure: "p99Ms", better: "less" },
      { title: "alone: start p50 ms", figure: "aloneP50Ms" },
      { title: "alone: start p99 ms", figure: "aloneP99Ms", better: "less" },
      { title: "alone: whole ms", figure: "wholeP50Ms" },
      CPU,
      ...COUNTS,
      { title: "not once", figure: "notOnce" },
      { title: "not ended", figure: "notEnded" },
    ],
  },
];
