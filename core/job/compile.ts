import { compileSchedule } from "../schedule/compile.ts";
import type { Schedule, VersionedCalendar } from "../schedule/schedule.ts";
import type { RetryPolicy } from "../run/retry.ts";
import { DEFAULT_POOL, ENGINE_POOL } from "../fleet/pool-size.ts";
import { compileWorkflow } from "../workflow/compile.ts";
import type { PlanStep, WorkflowPlan } from "../workflow/plan.ts";
import type { JobDefinition } from "./definition.ts";
import type { ExecutorDefinition } from "./executor.ts";
import type { Priority } from "./priority.ts";
import type { RunFields } from "./run-fields.ts";
import { durationMs } from "./duration.ts";
import { type JobVersion, jobKeyText } from "./version.ts";

/** A version made ready for decisions: defaults filled in, texts read, numbers in milliseconds. */
export interface CompiledJob extends RunRules {
  readonly version: JobVersion;
  readonly schedule: Schedule;
  readonly misfire: {
    readonly policy: "last" | "all" | "none";
    readonly maxLatenessMs: number;
    readonly limit: number;
  };
  readonly overlap: NonNullable<JobDefinition["overlap"]>;
  readonly work: Work;
}

/** What runs do. */
export type Work =
  /** A worker executes it. */
  | { readonly kind: "task"; readonly executor: ExecutorDefinition }
  | { readonly kind: "workflow"; readonly plan: WorkflowPlan }
  /** Of a step that needs no worker, or of one as a whole whose items have runs of their own. */
  | { readonly kind: "step"; readonly step: PlanStep };

/** How runs are executed: of a job, or of a step of a workflow. */
export interface RunRules {
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
 * @throws {WorkflowError} when the workflow does
 */
export function compileJob(version: JobVersion, calendars: ReadonlyMap<string, VersionedCalendar>): CompiledJob {
  const { definition } = version;
  const { misfire = {}, overlap = "skip", executor } = definition;
  const isWorkflow = executor.type === "workflow";
  const rules = compileRunRules(definition);
  return {
    ...rules,
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
    work: isWorkflow ? { kind: "workflow", plan: compileWorkflow(executor) } : { kind: "task", executor },
    // A workflow may wait for people and for days: it lasts as long as it does, unless its author says otherwise.
    timeouts:
      isWorkflow && definition.timeouts?.run === undefined ? { ...rules.timeouts, runMs: Infinity } : rules.timeouts,
    pool: isWorkflow ? ENGINE_POOL : rules.pool,
  };
}

/** Compiles what a job and a step of a workflow have in common. */
export function compileRunRules(
  definition: Pick<JobDefinition, keyof RunFields> & { readonly executor?: unknown },
): RunRules {
  const { retry = {}, timeouts = {}, concurrency = [] } = definition;
  const { backoff = {}, nonRetryable = {} } = retry;
  return {
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
    hasMacros: JSON.stringify(definition.executor ?? null).includes("{{"),
    pool: definition.pool ?? DEFAULT_POOL,
    priority: definition.priority ?? "normal",
  };
}
