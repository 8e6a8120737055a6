import type { CompiledJob } from "../job/compile.ts";
import { formatRunId, type RunKey, stepOf } from "../run/run-id.ts";
import {
  type CancelRequest,
  type CarriedRun,
  type EndedRun,
  hasParts,
  isCarried,
  isEnded,
  type Run,
} from "../run/run.ts";
import { runsWhileStopping } from "../workflow/plan.ts";
import type { StoredRun } from "../store/run-store.ts";
import { orPutOff } from "./after-commit.ts";
import type { Core } from "./core.ts";
import { endUnclaimed } from "./end-unclaimed.ts";
import { followAlone, followUp } from "./follow-up.ts";
import { watchOf } from "./watch.ts";
import { advanceItems } from "./workflow/advance-items.ts";
import { advanceWorkflow } from "./workflow/advance-workflow.ts";
import { childKey, submitChild } from "./workflow/child-run.ts";
import { endedCarried, workflowOf } from "./workflow/step-run.ts";

/** What a cancellation came to. */
export type CancelResult =
  | { readonly kind: "notFound" }
  /** The run had ended before. */
  | { readonly kind: "ended"; readonly run: EndedRun }
  /** It had not started and never will. */
  | { readonly kind: "cancelled"; readonly run: Run }
  /** Its worker is asked to stop it; exactly one final state will follow. */
  | { readonly kind: "cancelling"; readonly run: Run };

export interface CancelOptions {
  readonly by: string;
  readonly note?: string;
  /** Time between the request to stop and the kill; default: the job's. 0 kills at once. */
  readonly graceMs?: number;
  /** It has lasted too long, and is to end as timed out. */
  readonly isTimeout?: boolean;
}

const MAX_ROUNDS = 20;

/** Does what follows from the end of a run. */
type Follow = (core: Core, ended: StoredRun) => Promise<void>;

/**
 * Cancels a run: one that has not started ends at once, a running one is stopped by its worker, verified. Idempotent.
 *
 * @param followEnd - what follows when this has ended the run itself
 */
export async function cancelRun(
  core: Core,
  key: RunKey,
  options: CancelOptions,
  followEnd: Follow = followUp,
): Promise<CancelResult> {
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const stored = await core.runs.find(key);
    if (stored === undefined) return { kind: "notFound" };
    const { run, rev } = stored;
    if (isEnded(run)) return { kind: "ended", run };
    if (isCarried(run)) {
      const result = await cancelCarried(core, { run, rev }, { options, followEnd });
      if (result === undefined) continue;
      return result;
    }
    if (run.status !== "running") {
      const end = { status: "cancelled", error: cancelError(options) } as const;
      // What follows is done by its message, its limits repair themselves, and the walk of a chain looks for its end.
      const follow = (ended: StoredRun) => orPutOff(core, () => followEnd(core, ended));
      if (!(await endUnclaimed(core, stored, end, follow))) continue;
      const after = await core.runs.find(key);
      return { kind: "cancelled", run: after?.run ?? run };
    }
    const cancel = cancelOf(core, run, { ...options, job: await core.jobs.ofRun(run) });
    // The request is committed before the worker is told: a worker that is lost meanwhile leaves a run that will not start again.
    const cancelling = { ...run, cancel };
    if (cancel !== run.cancel && !(await core.runs.put(cancelling, rev)).ok) continue;
    // The watch of the run tells the worker again.
    await orPutOff(core, () =>
      core.workers.command(run.worker.id, {
        kind: "stop",
        runId: formatRunId(run),
        epoch: run.epoch,
        graceMs: cancel.graceMs,
      }),
    );
    return { kind: "cancelling", run: cancelling };
  }
  throw new Error(`Cannot cancel run "${formatRunId(key)}": it changed ${MAX_ROUNDS} times meanwhile`);
}

/** The request that is to stand in a running run's record: a former one stays, unless this is more urgent. */
function cancelOf(
  core: Core,
  { cancel: former }: Run,
  { by, note, graceMs: wanted, isTimeout, job }: CancelOptions & { readonly job: CompiledJob | undefined },
): CancelRequest {
  const graceMs = wanted ?? former?.graceMs ?? job?.timeouts.graceMs ?? 0;
  if (former !== undefined && former.graceMs <= graceMs) return former;
  const { isTimeout: wasTimeout = isTimeout ?? false } = former ?? {};
  return {
    atMs: core.clock.nowMs(),
    by,
    graceMs,
    ...(note === undefined ? {} : { note }),
    ...(wasTimeout && { isTimeout: true }),
  };
}

function cancelError({ by, note }: CancelOptions) {
  return { name: "CANCELLED", message: note === undefined ? `cancelled by ${by}` : `cancelled by ${by}: ${note}` };
}

/**
 * Cancels what no worker holds. What has no parts ends at once; else its parts are cancelled, and it ends with the last of
 * them. A workflow has steps that run nevertheless: see `runsWhileStopping`.
 *
 * @returns `undefined` when the run changed meanwhile
 */
async function cancelCarried(
  core: Core,
  { run, rev }: { readonly run: CarriedRun; readonly rev: number },
  { options, followEnd }: { readonly options: CancelOptions; readonly followEnd: Follow },
): Promise<CancelResult | undefined> {
  const { knobs } = core;
  const nowMs = core.clock.nowMs();
  const job = await core.jobs.ofRun(run);
  if (!hasParts(run)) {
    const stop = { confirmed: true, evidence: "it was waiting" };
    const ending = { status: "cancelled", error: cancelError(options), stop, endedAtMs: nowMs } as const;
    const ended = endedCarried(run, ending);
    const written = await core.runs.put(ended, rev);
    if (!written.ok) return undefined;
    await orPutOff(core, () => followEnd(core, { run: ended, rev: written.rev }));
    return { kind: "cancelled", run: ended };
  }
  const cancel = cancelOf(core, run, { ...options, job });
  const cancelling = { ...run, cancel };
  if (cancel !== run.cancel) {
    // The watch that it has may look after it rarely by now.
    await core.due.arm(watchOf(run, nowMs + knobs.settleAfterMs, nowMs));
    if (!(await core.runs.put(cancelling, rev)).ok) return undefined;
  }
  // The watch does it again.
  await orPutOff(core, () => cancelParts(core, cancelling, { options, job }));
  return { kind: "cancelling", run: cancelling };
}

async function cancelParts(
  core: Core,
  run: CarriedRun,
  { options, job }: { readonly options: CancelOptions; readonly job: CompiledJob | undefined },
): Promise<void> {
  const { isTimeout: _, ...asked } = options;
  const child = childKey(run);
  if (child !== undefined) {
    // It may not be recorded yet, and must not be after this.
    await submitChild(core, run);
    await cancelRun(core, child, asked);
    return;
  }
  const parts = run.items === undefined ? await stepsToCancel(core, run, job) : await itemsToCancel(core, run);
  // What follows from all of their ends is done once, below: each of them would read, and try to write, the same.
  await Promise.all(parts.map((part) => cancelRun(core, part, asked, followAlone)));
  const ended = await (run.items === undefined ? advanceWorkflow(core, run) : advanceItems(core, run));
  if (ended !== undefined) await followUp(core, ended);
}

async function stepsToCancel(core: Core, run: Run, job: CompiledJob | undefined): Promise<readonly RunKey[]> {
  if (job?.work.kind !== "workflow") return [];
  const { plan } = job.work;
  const steps = [...(await core.runs.steps(run))];
  return steps.flatMap(([name, { run: step }]) => {
    const planned = plan.steps.get(name);
    return isEnded(step) || planned === undefined || runsWhileStopping(planned) ? [] : [step];
  });
}

async function itemsToCancel(core: Core, run: Run): Promise<readonly RunKey[]> {
  const part = stepOf(run.stamp);
  const open: RunKey[] = [];
  if (part === undefined) return open;
  for await (const item of core.runs.items(workflowOf(run, part), part.step))
    if (!isEnded(item.run)) open.push(item.run);
  return open;
}
