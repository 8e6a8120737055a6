import { MAX_DELAY_MS } from "../ports/queue.ts";
import type { CompiledJob } from "../job/compile.ts";
import { parseRunId, stepOf } from "../run/run-id.ts";
import { isEnded, type EndedRun, type Run } from "../run/run.ts";
import type { StoredRun } from "../store/run-store.ts";
import type { Core } from "./core.ts";
import { leaveLimits, letGo } from "./leave-limit.ts";
import { pauseJob } from "./pause-job.ts";
import { runDoorbell, sendDoorbells } from "./send.ts";
import { visitNow } from "./visit-now.ts";
import { tellListeners } from "./tell-listeners.ts";
import { watchOf } from "./watch.ts";
import { advanceItems } from "./workflow/advance-items.ts";
import { advanceWorkflow } from "./workflow/advance-workflow.ts";
import { endChildStep } from "./workflow/child-run.ts";
import { stepKey, workflowOf } from "./workflow/step-run.ts";
import { tellMirror } from "./workflow/tell-mirror.ts";

/**
 * What has to happen after an attempt has ended or a run was ended: the next attempt is rung for, limits are left, the
 * next slot of an `afterEnd` schedule is found, a failing job is paused, the workflow goes on that it is a part of. Each step
 * may be repeated: the message of the run is deleted only after all of them, so a crash between two brings them about again.
 */
export async function followUp(core: Core, stored: StoredRun): Promise<void> {
  // What has ended may end the workflow that it is a part of, and so on outwards.
  for (let next: StoredRun | undefined = stored; next !== undefined;) {
    await followAlone(core, next);
    next = isEnded(next.run) ? await advanceAround(core, next.run) : undefined;
  }
}

/** The same, but for what the run is a part of: that is for the caller to take on. */
export async function followAlone(core: Core, { run, rev }: StoredRun): Promise<void> {
  const job = await core.jobs.ofRun(run);
  if (job === undefined) return;
  switch (run.status) {
    case "queued":
      await sendDoorbells(core, [runDoorbell(run, run.dueAtMs)]);
      break;
    case "retrying":
      await ringForRetry(core, run, run.retryAtMs);
      break;
    case "running":
      return;
    default:
      break;
  }
  if (!isEnded(run)) {
    await letGo(core, { run, before: rev }, { job });
    return;
  }
  await leaveLimits(core, run, job);
  core.metrics.count("runs_ended", { status: run.status, cause: run.cause });
  await startNextAfterEnd(core, run, job);
  await pauseAfterFailures(core, run, job);
  await tellMirror(core, [run]);
  if (run.isHeard === true) for (const step of await tellListeners(core, run)) await followUp(core, step);
}

/**
 * Takes on what a run is a part of: the step whose item it is, or that waits for it, or the workflow whose step it is.
 *
 * @returns the one of these that has ended
 */
async function advanceAround(core: Core, run: EndedRun): Promise<StoredRun | undefined> {
  const part = stepOf(run.stamp);
  if (part?.item !== undefined) return advanceItems(core, stepKey(workflowOf(run, part), part.step), run);
  if (part !== undefined) return advanceWorkflow(core, workflowOf(run, part));
  const step = run.origin?.step === undefined ? undefined : parseRunId(run.origin.step);
  return step && endChildStep(core, step, run);
}

async function ringForRetry(core: Core, run: Run, retryAtMs: number): Promise<void> {
  const nowMs = core.clock.nowMs();
  if (retryAtMs - nowMs > MAX_DELAY_MS) await core.due.arm(watchOf(run, retryAtMs - core.knobs.leadMs, nowMs));
  else await sendDoorbells(core, [runDoorbell(run, retryAtMs)]);
}

async function startNextAfterEnd(core: Core, run: EndedRun, job: CompiledJob): Promise<void> {
  if (run.cause !== "slot" || job.schedule.kind !== "afterEnd") return;
  const nowMs = core.clock.nowMs();
  await visitNow(core, {
    kind: "job",
    namespace: run.namespace,
    job: run.job,
    version: run.version,
    visitAtMs: nowMs,
    cursorMs: run.slotAtMs,
    settledMs: run.slotAtMs,
    looks: 0,
    armedAtMs: nowMs,
  });
}

/** Pauses a job whose last runs since it became active have all failed, as many as its definition says. */
async function pauseAfterFailures(core: Core, run: EndedRun, job: CompiledJob): Promise<void> {
  const { pauseAfterFailures: bound } = job.version.definition;
  if (bound === undefined || !hasFailed(run)) return;
  const sinceMs = await activeSinceMs(core, run);
  if (sinceMs === undefined || run.endedAtMs <= sinceMs) return;
  let failures = 0;
  for await (const row of core.runs.rows(job.version, { fromMs: 0, beforeMs: run.slotAtMs + 1, descending: true })) {
    if (!("run" in row) || !isEnded(row.run) || row.run.attempt === 0) continue;
    if (row.run.endedAtMs <= sinceMs) break;
    if (!hasFailed(row.run)) break;
    failures += 1;
    if (failures >= bound) break;
  }
  if (failures < bound) return;
  await pauseJob(core, run.namespace, run.job, { by: "carillon", note: `paused after ${bound} failed runs in a row` });
}

/**
 * Since when the job has been active without a pause; `undefined` when it is not. Whoever resumed it has seen the
 * failures before: they must not pause it again.
 */
async function activeSinceMs(core: Core, { namespace, job: name }: EndedRun): Promise<number | undefined> {
  let job = (await core.jobs.find(namespace, name))?.compiled;
  if (job?.version.state !== "active") return undefined;
  while (job !== undefined && job.version.resume === undefined && job.version.sinceMs > job.version.createdAtMs)
    job = await core.jobs.findVersion(namespace, name, job.version.version - 1);
  return job?.version.sinceMs;
}

function hasFailed(run: EndedRun): boolean {
  return run.status === "failed" || run.status === "timedOut";
}
