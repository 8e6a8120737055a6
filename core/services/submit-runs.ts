import { CarillonError } from "../errors.ts";
import type { CompiledJob } from "../job/compile.ts";
import type { Priority } from "../job/priority.ts";
import { checkParameters } from "../job/parameters.ts";
import type { JsonObject } from "../json.ts";
import type { QueuedRun, RunCause, RunOrigin } from "../run/run.ts";
import { stampOf } from "../run/run-id.ts";
import { orUnknown } from "./after-commit.ts";
import type { Core } from "./core.ts";
import { runDoorbell, sendDoorbells } from "./send.ts";
import { watchesOf } from "./watch.ts";

/** One run that is asked for. */
export interface RunRequest {
  /** Where the run stands in the ledger, with what tells it from others at the same instant: 1 to 64 of `[a-z0-9-]`. */
  readonly slotAtMs: number;
  readonly suffix: string;
  /** Not before this instant. */
  readonly dueAtMs: number;
  readonly parameters?: JsonObject;
  readonly priority?: Priority;
  readonly cause: RunCause;
  readonly origin?: RunOrigin;
}

/**
 * Records runs and rings for those that are due soon. Watches are armed before the runs are recorded, so a recorded run
 * can't be forgotten; a run that is recorded already stays as it is, so a repeated call does no harm.
 *
 * @throws {CarillonError} `parameters-invalid` before anything was written
 */
export async function submitRuns(
  core: Core,
  job: CompiledJob,
  requests: readonly RunRequest[],
): Promise<readonly QueuedRun[]> {
  const nowMs = core.clock.nowMs();
  const runs = requests.map((request) => queuedRun(job, request, nowMs));
  checkAllParameters(job, runs);

  const { lookAheadMs, leadMs, settleAfterMs } = core.knobs;
  const soonMs = nowMs + lookAheadMs;
  const soon = runs.filter((run) => run.dueAtMs <= soonMs);
  const later = runs.filter((run) => run.dueAtMs > soonMs);
  const watches = [
    ...watchesOf(soon, { nowMs, rungThroughMs: soonMs, visitAtMs: (_, last) => Math.max(nowMs, last) + settleAfterMs }),
    ...watchesOf(later, { nowMs, rungThroughMs: nowMs, visitAtMs: (first) => first - leadMs }),
  ];
  // The flush of the runs covers what was committed before them.
  await Promise.all(watches.map((watch) => core.due.arm(watch, { lazy: true })));
  await recordRuns(core, runs);
  await sendDoorbells(
    core,
    soon.map((run) => runDoorbell(run, run.dueAtMs)),
  );
  return runs;
}

/** All of them, or an error that does not say that nothing was done when some have been recorded. */
async function recordRuns(core: Core, runs: readonly QueuedRun[]): Promise<void> {
  const outcomes = await Promise.allSettled(runs.map((run) => core.runs.put(run, "absent")));
  const failure = outcomes.find(({ status }) => status === "rejected");
  if (failure?.status !== "rejected") return;
  const fail = () => Promise.reject(failure.reason as Error);
  await (outcomes.some(({ status }) => status === "fulfilled") ? orUnknown(fail) : fail());
}

/**
 * @throws {CarillonError} `job-not-active` when no run may be asked for
 */
export function expectActive(job: CompiledJob): CompiledJob {
  const { name, state, note } = job.version;
  if (state !== "active") {
    const because = note === undefined ? "" : ` (${note})`;
    const hint = state === "paused" ? "; resume it first" : "";
    throw new CarillonError("job-not-active", `Cannot run job "${name}": it is ${state}${because}${hint}`);
  }
  return job;
}

export function queuedRun(job: CompiledJob, request: RunRequest, nowMs: number): QueuedRun {
  const { namespace, name, version } = job.version;
  const { slotAtMs, suffix, dueAtMs, parameters, cause, origin } = request;
  return {
    status: "queued",
    namespace,
    job: name,
    stamp: stampOf(slotAtMs, suffix),
    version,
    cause,
    slotAtMs,
    dueAtMs,
    createdAtMs: nowMs,
    pool: job.pool,
    priority: request.priority ?? job.priority,
    epoch: 0,
    attempt: 0,
    charged: 0,
    attempts: [],
    ...(parameters === undefined ? {} : { parameters }),
    ...(origin === undefined ? {} : { origin }),
  };
}

/**
 * @throws {CarillonError} `parameters-invalid` for the first request whose parameters break the job's schema
 */
export function checkAllParameters(job: CompiledJob, runs: readonly { readonly parameters?: JsonObject }[]): void {
  const { parametersSchema, parameters } = job.version.definition;
  if (parametersSchema === undefined) return;
  for (const run of runs) {
    checkParameters(parametersSchema, { ...(parameters as JsonObject | undefined), ...run.parameters });
  }
}
