import { compileSchedule } from "../schedule/compile.ts";
import type { Schedule, VersionedCalendar } from "../schedule/schedule.ts";
import type { RetryPolicy } from "../run/retry.ts";
import { DEFAULT_POOL } from "../fleet/pool-size.ts";
import type { JobDefinition } from "./definition.ts";
import type { Priority } from "./priority.ts";
import { durationMs } from "./duration.ts";
import { type JobVersion, jobKeyText } from "./version.ts";

/** A version made ready for decisions: defaults filled in, texts read, numbers in milliseconds. */
export interface CompiledJob {
  readonly version: JobVersion;
  readonly schedule: Schedule;
  readonly misfire: {
    readonly policy: "last" | "all" | "none";
    readonly maxLatenessMs: number;
    readonly limit: number;
  };
  readonly overlap: NonNullable<JobDefinition["overlap"]>;
  readonly retry: RetryPolicy;
  readonly timeouts: {
    readonly queueMs: number | undefined;
    readonly runMs: number;
    readonly heartbeatMs: number | undefined;
    readonly graceMs: number;
  };
  readonly concurrency: readonly ConcurrencyRule[];
  /** Whether texts of the executor have to be expanded for each attempt. */
  readonly hasMacros: boolean;
  readonly pool: string;
  readonly priority: Priority;
}

export interface ConcurrencyRule {
  /** Text with macros; `undefined`: the job itself. */
  readonly key: string | undefined;
  readonly scope: "job" | "namespace";
  readonly limit: number;
  readonly weight: number;
}

/**
 * Compiles a version. All defaults of a job stand here.
 *
 * @param calendars - the editions that `version.calendars` names
 * @throws {ScheduleError} when the schedule breaks a rule
 */
export function compileJob(version: JobVersion, calendars: ReadonlyMap<string, VersionedCalendar>): CompiledJob {
  const { definition } = version;
  const { misfire = {}, retry = {}, timeouts = {}, overlap = "skip", concurrency = [] } = definition;
  const { backoff = {}, nonRetryable = {} } = retry;
  return {
    version,
    schedule: compileSchedule(definition.schedule, {
      createdAtMs: version.createdAtMs,
      sinceMs: version.scheduleSinceMs,
      jobKey: jobKeyText(version),
      calendars,
    }),
    misfire: {
      policy: misfire.policy ?? "last",
      maxLatenessMs: durationMs(misfire.maxLateness ?? "24h"),
      limit: misfire.limit ?? 100,
    },
    overlap,
    retry: {
      maxAttempts: retry.maxAttempts ?? 1,
      initialMs: durationMs(backoff.initial ?? "1s"),
      maxMs: durationMs(backoff.max ?? "5m"),
      factor: backoff.factor ?? 2,
      jitter: backoff.jitter ?? "full",
      nonRetryableExitCodes: new Set(nonRetryable.exitCodes),
      nonRetryableErrors: new Set(nonRetryable.errors),
    },
    timeouts: {
      queueMs: timeouts.queue === undefined ? undefined : durationMs(timeouts.queue),
      runMs: durationMs(timeouts.run ?? "1h"),
      heartbeatMs: timeouts.heartbeat === undefined ? undefined : durationMs(timeouts.heartbeat),
      graceMs: durationMs(timeouts.grace ?? "10s"),
    },
    concurrency: concurrency.map(({ key, scope = "job", limit, weight = 1 }) => ({ key, scope, limit, weight })),
    hasMacros: JSON.stringify(definition.executor).includes("{{"),
    pool: definition.pool ?? DEFAULT_POOL,
    priority: definition.priority ?? "normal",
  };
}
