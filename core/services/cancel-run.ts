import { formatRunId, type RunKey } from "../run/run-id.ts";
import { type EndedRun, isEnded, type Run } from "../run/run.ts";
import type { StoredRun } from "../store/run-store.ts";
import { orPutOff } from "./after-commit.ts";
import type { Core } from "./core.ts";
import { endUnclaimed } from "./end-unclaimed.ts";
import { followUp } from "./follow-up.ts";

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
}

const MAX_ROUNDS = 20;

/** Cancels a run: one that has not started ends at once, a running one is stopped by its worker, verified. Idempotent. */
export async function cancelRun(core: Core, key: RunKey, options: CancelOptions): Promise<CancelResult> {
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const stored = await core.runs.find(key);
    if (stored === undefined) return { kind: "notFound" };
    const { run, rev } = stored;
    if (isEnded(run)) return { kind: "ended", run };
    if (run.status !== "running") {
      const message =
        options.note === undefined ? `cancelled by ${options.by}` : `cancelled by ${options.by}: ${options.note}`;
      const end = { status: "cancelled", error: { name: "CANCELLED", message } } as const;
      // What follows is done by its message, its limits repair themselves, and the walk of a chain looks for its end.
      const follow = (ended: StoredRun) => orPutOff(core, () => followUp(core, ended));
      if (!(await endUnclaimed(core, stored, end, follow))) continue;
      const after = await core.runs.find(key);
      return { kind: "cancelled", run: after?.run ?? run };
    }
    const job = await core.jobs.findVersion(run.namespace, run.job, run.version);
    const graceMs = options.graceMs ?? run.cancel?.graceMs ?? job?.timeouts.graceMs ?? 0;
    const { by, note } = options;
    const cancel =
      run.cancel !== undefined && run.cancel.graceMs <= graceMs
        ? run.cancel
        : { atMs: core.clock.nowMs(), by, graceMs, ...(note === undefined ? {} : { note }) };
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
