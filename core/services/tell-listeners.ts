import { CarillonError } from "../errors.ts";
import { jitterOffset } from "../schedule/jitter.ts";
import { formatRunId, parseRunId, stampOf } from "../run/run-id.ts";
import { isWantedEnd } from "../run/run-end.ts";
import { type EndedRun, endedFrom, isEnded } from "../run/run.ts";
import type { StoredRun } from "../store/run-store.ts";
import type { Core } from "./core.ts";
import { type RunRequest, submitRuns, queuedRun } from "./submit-runs.ts";
import { endAwaiting } from "./workflow/await-run.ts";

/**
 * Tells those who listen to a job that one of its runs has ended: jobs that start after it, and steps that wait for it. May be
 * repeated.
 *
 * @returns steps that have ended: what follows from that is for the caller to do
 */
export async function tellListeners(core: Core, run: EndedRun): Promise<readonly StoredRun[]> {
  const ended: StoredRun[] = [];
  for await (const listener of core.listeners.list(run.namespace, run.job)) {
    if (listener.kind === "job") {
      await startAfter(core, listener.job, run);
      continue;
    }
    const key = parseRunId(listener.runId);
    const step = key && (await core.runs.find(key));
    // Armed and not recorded yet, it looks for itself as soon as it is.
    if (key === undefined || step === undefined) continue;
    // Whoever ended it before may have died before what follows from it.
    const stepEnded = isEnded(step.run) ? step : await endAwaiting(core, key, run);
    if (stepEnded === undefined) continue;
    ended.push(stepEnded);
    await core.listeners.remove(run.namespace, run.job, listener);
  }
  return ended;
}

/** Starts a job after a run of another if its definition of today says so. The run's name follows from the other's. */
async function startAfter(core: Core, name: string, run: EndedRun): Promise<void> {
  const job = (await core.jobs.find(run.namespace, name))?.compiled;
  const rules = job?.version.definition.startAfter ?? [];
  const isWanted = rules.some(({ job: other, on = "success" }) => other === run.job && isWantedEnd(run.status, on));
  if (job === undefined || job.version.state === "deleted" || !isWanted) return;
  const nowMs = core.clock.nowMs();
  const request: RunRequest = {
    slotAtMs: run.slotAtMs,
    suffix: suffixOf(run),
    dueAtMs: Math.max(run.slotAtMs, Math.floor(nowMs)),
    cause: "event",
    origin: { after: formatRunId(run) },
  };
  const stamp = stampOf(request.slotAtMs, request.suffix);
  if ((await core.runs.find({ namespace: run.namespace, job: name, stamp })) !== undefined) return;
  try {
    await submitRuns(core, job, [request]);
  } catch (error) {
    if (!(error instanceof CarillonError)) throw error;
    // Nobody is there to be told: the ledger says it.
    const refused = { name: error.code, message: error.message };
    const skipped = endedFrom(queuedRun(job, request, nowMs), {
      status: "skipped",
      reason: "parameters",
      error: refused,
      endedAtMs: nowMs,
    });
    await core.runs.put(skipped, "absent");
  }
}

const HASH_RANGE = 2 ** 32;

/** The same for the same run: so much of a hash of its id that two runs of one slot have different ones. */
function suffixOf(run: EndedRun): string {
  const id = formatRunId(run);
  return `after-${hash(id)}${hash(`${id} again`)}`;
}

function hash(text: string): string {
  return jitterOffset(text, HASH_RANGE).toString(36).padStart(7, "0");
}
