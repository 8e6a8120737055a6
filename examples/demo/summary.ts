import type { CarillonClient } from "../../client/sdk/client.ts";
import type { Run } from "../../api/contract/run.ts";
import type { EtlSummary } from "./etl.ts";

export interface JobSummary {
  readonly job: string;
  readonly expected: number;
  readonly fired: number;
  readonly skipped: Readonly<Record<string, number>>;
  readonly pending: number;
  readonly unexplained: number;
  readonly attempts: number;
}

/** What `--json` prints. Lateness is from due to the start of the first attempt, over all fired slots. */
export interface DemoSummary {
  readonly expected: number;
  readonly fired: number;
  readonly skipped: Readonly<Record<string, number>>;
  readonly pending: number;
  readonly unexplained: number;
  readonly attempts: number;
  readonly lateness: { readonly p50Ms: number; readonly p99Ms: number; readonly maxMs: number };
  readonly killedWorker: { readonly id: string; readonly runsLost: number; readonly runsRetried: number };
  readonly workflow: EtlSummary;
  readonly httpCalls: number;
  readonly imported: number;
  readonly jobs: readonly JobSummary[];
  /** Promises that were broken; empty is what we want. */
  readonly broken: readonly string[];
}

export const NAMESPACE = "demo";
const MAX_LATENESS_P99_MS = 100;

/** Reads the ledger of every job in [from, to) and compares it with the promises. */
export async function summarise(
  client: CarillonClient,
  context: {
    from: string;
    to: string;
    names: readonly string[];
    killedWorker: string;
    workflow: EtlSummary;
    httpCalls: number;
    imported: number;
  },
): Promise<DemoSummary> {
  const jobs: JobSummary[] = [];
  const runs: Run[] = [];
  const range = { from: context.from, to: context.to };
  for (const job of context.names) {
    const ledger = await client.jobs.ledger({ namespace: NAMESPACE, job }, range);
    const { expected, fired, skipped, pending, unexplained, attempts } = ledger;
    jobs.push({ job, expected, fired, skipped, pending, unexplained, attempts });
    for await (const run of client.jobs.runs({ namespace: NAMESPACE, job })) {
      if (run.slotAt >= context.from && run.slotAt < context.to && run.attempt > 0) runs.push(run);
    }
  }
  const lost = runs.filter((run) => run.attempts.some((attempt) => attempt.outcome === "lost"));
  const total = {
    expected: sum(jobs, (job) => job.expected),
    fired: sum(jobs, (job) => job.fired),
    skipped: addUp(jobs.map((job) => job.skipped)),
    pending: sum(jobs, (job) => job.pending),
    unexplained: sum(jobs, (job) => job.unexplained),
    attempts: sum(jobs, (job) => job.attempts),
    lateness: latenessOf(runs),
    killedWorker: {
      id: context.killedWorker,
      runsLost: lost.length,
      runsRetried: lost.filter((run) => run.status === "succeeded").length,
    },
    workflow: context.workflow,
    httpCalls: context.httpCalls,
    imported: context.imported,
    jobs,
  };
  return { ...total, broken: brokenPromises(total) };
}

function brokenPromises(total: Omit<DemoSummary, "broken">): readonly string[] {
  const promises: readonly [boolean, string][] = [
    [total.fired > 0, "nothing fired"],
    [total.unexplained === 0, `${total.unexplained} slots have no row in the ledger`],
    [total.pending === 0, `${total.pending} slots have not ended`],
    [total.killedWorker.runsLost > 0, "no run was on the worker that was killed"],
    [
      total.killedWorker.runsRetried === total.killedWorker.runsLost,
      "a run of the killed worker has not come to its end",
    ],
    [
      total.lateness.p99Ms < MAX_LATENESS_P99_MS,
      `lateness p99 is ${total.lateness.p99Ms} ms, not below ${MAX_LATENESS_P99_MS} ms`,
    ],
    [(total.skipped["overlap"] ?? 0) > 0, "the slow job was never skipped"],
    [(total.skipped["paused"] ?? 0) > 0, "the pause skipped nothing"],
    [total.workflow.status === "succeeded", `the workflow is ${total.workflow.status}`],
    [
      total.workflow.published?.rows === total.workflow.published?.linesInFile,
      "the workflow has published other rows than it says",
    ],
    [total.httpCalls > 0, "no HTTP call arrived"],
  ];
  return promises.flatMap(([isKept, broken]) => (isKept ? [] : [broken]));
}

function latenessOf(runs: readonly Run[]): DemoSummary["lateness"] {
  const values = runs
    .map((run) => Date.parse(run.attempts[0]?.startedAt ?? run.startedAt ?? run.dueAt) - Date.parse(run.dueAt))
    .toSorted((a, b) => a - b);
  const rank = (share: number): number => values[Math.max(0, Math.ceil(share * values.length) - 1)] ?? 0;
  return { p50Ms: rank(0.5), p99Ms: rank(0.99), maxMs: rank(1) };
}

function sum<T>(items: readonly T[], valueOf: (item: T) => number): number {
  return items.reduce((total, item) => total + valueOf(item), 0);
}

function addUp(counts: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const total: Record<string, number> = {};
  for (const count of counts) {
    for (const [reason, value] of Object.entries(count)) total[reason] = (total[reason] ?? 0) + value;
  }
  return total;
}
