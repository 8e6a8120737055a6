import { CarillonError } from "../errors.ts";
import { ENGINE_POOL } from "../fleet/pool-size.ts";
import type { CompiledJob } from "../job/compile.ts";
import { queueName } from "../run/message.ts";
import { formatRunId, type RunKey, stepOf } from "../run/run-id.ts";
import { isCarried, isEnded, type Run, type RunningRun } from "../run/run.ts";
import type { QueueDepth } from "../ports/queue.ts";
import type { Constraint } from "./constraint.ts";
import type { Core } from "./core.ts";
import { Pacer } from "./pace.ts";
import { expectKnown } from "./pause-job.ts";
import { limitConstraints } from "./why-limits.ts";
import { carriedConstraints, pauseConstraints } from "./workflow/why-carried.ts";
import { workflowOf } from "./workflow/step-run.ts";

/** Why a run is not running (any more): what holds it back now, the most decisive first. */
export async function whyRun(core: Core, key: RunKey): Promise<readonly Constraint[]> {
  const stored = await core.runs.find(key);
  if (stored === undefined) throw new CarillonError("run-not-found", `Cannot find run "${formatRunId(key)}"`);
  const { run } = stored;
  if (isEnded(run)) return [endedConstraint(run)];
  const job = expectKnown(await core.jobs.ofRun(run), run.job);
  const current = expectKnown((await core.jobs.find(run.namespace, run.job))?.compiled, run.job);
  if (isCarried(run)) return carriedConstraints(core, run, job);
  if (run.status === "running") return runningConstraints(core, run);
  const constraints = [
    ...(await heldConstraints(core, run, current)),
    ...timeConstraints(core, run),
    ...(await limitConstraints(core, run, job)),
  ];
  return [...constraints, ...(await capacityConstraints(core, run, { isFree: constraints.length === 0 }))];
}

/** Why a job has nothing running: its state, its next slot, and what holds its pool back. */
export async function whyJob(core: Core, namespace: string, name: string): Promise<readonly Constraint[]> {
  const job = expectKnown((await core.jobs.find(namespace, name))?.compiled, name);
  const held = stateConstraints(job);
  if (held.length > 0) return held;
  const constraints = [...(await platformConstraints(core, job)), ...scheduleConstraints(core, job)];
  const { rows } = await core.runs.page(job.version, { limit: 20 });
  for (const row of rows) {
    if (!("run" in row) || isEnded(row.run)) continue;
    const { run } = row;
    if (isCarried(run)) constraints.push(...(await carriedConstraints(core, run, job)));
    else if (run.status === "running") constraints.push(...(await runningConstraints(core, run)));
    else constraints.push(...timeConstraints(core, run), ...(await limitConstraints(core, run, job)));
  }
  return [...constraints, ...(await poolConstraints(core, job.pool))];
}

function endedConstraint(run: Extract<Run, { endedAtMs: number }>): Constraint {
  const { status, endedAtMs, reason, error } = run;
  const at = new Date(endedAtMs).toISOString();
  if (status === "skipped")
    return {
      code: "skipped",
      detail: `It was skipped at ${at}: ${reason ?? "overlap"}`,
      evidence: { reason, endedAtMs },
    };
  const because = error === undefined ? "" : `: ${error.name}, ${error.message}`;
  return {
    code: "ended",
    detail: `It ${status === "timedOut" ? "timed out" : status} at ${at}${because}`,
    evidence: { status, endedAtMs, error, attempts: run.attempts },
  };
}

function stateConstraints({ version }: CompiledJob): Constraint[] {
  const { state, sinceMs, by, note } = version;
  if (state === "active") return [];
  const since = new Date(sinceMs).toISOString();
  const who = by === undefined ? "" : ` by ${by}`;
  const why = note === undefined ? "" : ` (${note})`;
  return [
    {
      code: state,
      detail: `The job was ${state}${who} at ${since}${why}`,
      evidence: { sinceMs, by, note, version: version.version },
    },
  ];
}

/** While the platform is paused no slot is dispatched; what is triggered runs all the same. */
async function platformConstraints(core: Core, job: CompiledJob): Promise<Constraint[]> {
  if (job.schedule.kind === "none") return [];
  const stop = await new Pacer(core).findStop();
  if (stop === undefined) return [];
  const { atMs, by, note } = stop;
  const who = by === undefined ? "" : ` by ${by}`;
  const why = note === undefined ? "" : ` (${note})`;
  const detail = `The platform was paused${who} at ${new Date(atMs).toISOString()}${why}`;
  return [{ code: "platformPaused", detail, evidence: { ...stop } }];
}

function scheduleConstraints(core: Core, job: CompiledJob): Constraint[] {
  const { kind } = job.schedule;
  if (kind === "none")
    return [{ code: "noSchedule", detail: "The job has no schedule: it runs when triggered", evidence: {} }];
  if (kind === "afterEnd") return [];
  for (const slot of job.schedule.firing(core.clock.nowMs())) {
    const at = new Date(slot.dueAtMs).toISOString();
    return [
      {
        code: "notDue",
        detail: `The next slot is due at ${at}`,
        evidence: { slotAtMs: slot.atMs, dueAtMs: slot.dueAtMs },
        untilMs: slot.dueAtMs,
      },
    ];
  }
  return [{ code: "scheduleEnded", detail: "The schedule has no further slot", evidence: {} }];
}

async function heldConstraints(core: Core, run: Run, current: CompiledJob): Promise<readonly Constraint[]> {
  if (run.attempt > 0) return [];
  const part = stepOf(run.stamp);
  if (part === undefined) return stateConstraints(current);
  const workflow = (await core.runs.find(workflowOf(run, part)))?.run;
  return workflow !== undefined && isCarried(workflow) ? pauseConstraints(workflow) : [];
}

async function runningConstraints(core: Core, run: RunningRun): Promise<Constraint[]> {
  const { worker, startedAtMs, attempt, cancel } = run;
  const record = await core.workers.find(worker.pool, worker.id);
  const evidence = { worker: worker.id, startedAtMs, attempt };
  if (record === undefined || record.state === "gone") {
    return [
      { code: "workerSilent", detail: `Its worker "${worker.id}" is gone; the next attempt follows shortly`, evidence },
    ];
  }
  if (cancel !== undefined) {
    return [
      {
        code: "cancelling",
        detail: `It is being stopped since ${new Date(cancel.atMs).toISOString()} by ${cancel.by}`,
        evidence: { ...evidence, cancel },
      },
    ];
  }
  return [
    {
      code: "running",
      detail: `Attempt ${attempt} is running on worker "${worker.id}" since ${new Date(startedAtMs).toISOString()}`,
      evidence,
    },
  ];
}

function timeConstraints(core: Core, run: Run): Constraint[] {
  const nowMs = core.clock.nowMs();
  if (run.status === "retrying" && run.retryAtMs > nowMs) {
    const at = new Date(run.retryAtMs).toISOString();
    const last = run.attempts.at(-1)?.error;
    return [
      {
        code: "retryBackoff",
        detail: `Attempt ${run.attempt} failed; the next one is at ${at}`,
        evidence: { retryAtMs: run.retryAtMs, last },
        untilMs: run.retryAtMs,
      },
    ];
  }
  if (run.dueAtMs <= nowMs) return [];
  return [
    {
      code: "notDue",
      detail: `It is due at ${new Date(run.dueAtMs).toISOString()}`,
      evidence: { dueAtMs: run.dueAtMs },
      untilMs: run.dueAtMs,
    },
  ];
}

/** Of a run that is `isFree` nothing else holds it back. */
async function capacityConstraints(
  core: Core,
  run: Run,
  { isFree }: { readonly isFree: boolean },
): Promise<readonly Constraint[]> {
  const constraints = await poolConstraints(core, run.pool);
  const depth = await core.queue.depth(queueName(run.pool, run.priority));
  const evidence = { queue: queueName(run.pool, run.priority), ...depth };
  if (depth.visible > 0)
    constraints.push({
      code: "queueBacklog",
      detail: `Its queue holds ${depth.visible} visible ${depth.visible === 1 ? "message" : "messages"}${age(depth)}`,
      evidence,
    });
  else if (isFree && constraints.length === 0)
    constraints.push({
      code: "inQueue",
      detail: `Nothing holds it back: ${run.pool === ENGINE_POOL ? "the engine" : "a worker"} is about to take it`,
      evidence,
    });
  return constraints;
}

async function poolConstraints(core: Core, pool: string): Promise<Constraint[]> {
  // What the engine does needs no worker.
  if (pool === ENGINE_POOL) return [];
  const workers = (await core.workers.list(pool)).filter((worker) => worker.state !== "gone");
  const ready = workers.filter((worker) => worker.state === "ready");
  const evidence = {
    pool,
    workers: workers.map(({ id, state, slots, running }) => ({ id, state, slots, running: running.length })),
  };
  if (workers.length === 0) return [{ code: "noWorker", detail: `Pool "${pool}" has no worker`, evidence }];
  if (ready.length === 0)
    return [{ code: "workersDraining", detail: `All workers of pool "${pool}" are draining`, evidence }];
  if (ready.every((worker) => worker.running.length >= worker.slots)) {
    return [
      { code: "workersFull", detail: `All slots of the ${ready.length} workers of pool "${pool}" are taken`, evidence },
    ];
  }
  return [];
}

function age({ oldestAgeMs }: QueueDepth): string {
  return oldestAgeMs === undefined ? "" : `, the oldest since ${Math.round(oldestAgeMs)} ms`;
}
