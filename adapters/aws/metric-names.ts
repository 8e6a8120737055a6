/**
 * The metrics of an installation on AWS. What is listed in `PUBLISHED` becomes a metric of CloudWatch and can be shown and
 * alarmed on; everything else that is measured stands in the log lines as plain properties, for CloudWatch Logs Insights.
 *
 * A list, because CloudWatch bills each combination of a name and dimension values: $0.30 a month (us-east-1), pro rata
 * for the hours in which it has values. So dimensions are few, and nothing is written of what did not happen.
 */
/** A namespace of CloudWatch for each installation: two in one account must not mix their figures, nor their alarms. */
export function metricNamespace(installation: string): string {
  return `Carillon/${installation}`;
}

export type MetricUnit = "Count" | "Milliseconds";

export interface PublishedMetric {
  readonly unit: MetricUnit;
  /** Names of dimensions, each of a small fixed set of values; others that were measured stay plain properties. */
  readonly dimensions: readonly string[];
}

/** Slots whose run was sent to a queue. */
export const SLOTS_DISPATCHED = "slots_dispatched";
/** Runs that came to their end, by the `status` that it gave them. */
export const RUNS_ENDED = "runs_ended";
/** From the instant at which a run was due to the start of its first attempt; a distribution. */
export const RUN_START_LATENESS_MS = "run_start_lateness_ms";
/** Workers that were silent for so long that their runs were taken from them. */
export const WORKERS_LOST = "workers_lost";
/** Attempts that ended with their worker. */
export const ATTEMPTS_LOST = "attempts_lost";
/** Runs that were found with a holder that is dead. */
export const RUNS_OF_DEAD_WORKERS = "runs_of_dead_workers";
/** Slots whose message was sent a second time since nobody had claimed their run. */
export const SLOTS_RUNG_AGAIN = "slots_rung_again";
/** Results that were refused since they came from an attempt that had lost its claim. */
export const RESULTS_FENCED = "results_fenced";
/** How late the most overdue slot was dispatched: its entry was visited so long after its lead was over. */
export const SCHEDULER_LAG_MS = "scheduler_lag_ms";
/** Slots of the ledger that neither fired nor were skipped for a reason: 0, or there is a mistake. */
export const SLOTS_UNEXPLAINED = "slots_unexplained";
/** How long the oldest run that is due has waited for a worker. */
export const OLDEST_UNCLAIMED_MS = "oldest_unclaimed_ms";

/** Messages of its own that the engine could not handle, each time that they came. */
export const ENGINE_ERRORS = "engine_errors";

const count: PublishedMetric = { unit: "Count", dimensions: [] };
const milliseconds: PublishedMetric = { unit: "Milliseconds", dimensions: [] };

/** By name. Eleven of one metric each and one of six, 17 in all: $5.10 a month at most, and nothing for what never happens. */
export const PUBLISHED: Readonly<Record<string, PublishedMetric>> = {
  [SLOTS_DISPATCHED]: count,
  [RUNS_ENDED]: { unit: "Count", dimensions: ["status"] },
  [RUN_START_LATENESS_MS]: milliseconds,
  [WORKERS_LOST]: count,
  [ATTEMPTS_LOST]: count,
  [RUNS_OF_DEAD_WORKERS]: count,
  [SLOTS_RUNG_AGAIN]: count,
  [RESULTS_FENCED]: count,
  [SCHEDULER_LAG_MS]: milliseconds,
  [SLOTS_UNEXPLAINED]: count,
  [OLDEST_UNCLAIMED_MS]: milliseconds,
  [ENGINE_ERRORS]: count,
};
