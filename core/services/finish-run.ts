import type { CompiledJob } from "../job/compile.ts";
import type { Json } from "../json.ts";
import type { AttemptResult } from "../run/attempt-result.ts";
import { afterAttempt } from "../run/after-attempt.ts";
import { isHeld, type Run, type RunningRun } from "../run/run.ts";
import type { Core } from "./core.ts";
import { followUp } from "./follow-up.ts";

/** `fenced`: the attempt was no longer this worker's; its result changed nothing. */
export type Finish =
  | { readonly kind: "finished"; readonly run: Run }
  | { readonly kind: "fenced"; readonly run: Run | undefined };

const MAX_ROUNDS = 20;

/**
 * Reports how an attempt ended. Accepted only while the run is running at the epoch of the claim; a change by others in
 * between (a cancellation, progress) is read and taken into account.
 *
 * Only when this has resolved may the message be deleted. It may be called again after a failure: what has been written
 * stays, and what follows from it is done again.
 */
export async function finishRun(
  core: Core,
  claim: { readonly run: RunningRun; readonly rev: number; readonly job: CompiledJob },
  result: AttemptResult,
): Promise<Finish> {
  let { run, rev } = claim;
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const next = afterAttempt(run, result, { job: claim.job, nowMs: core.clock.nowMs(), draw: core.random.next() });
    const written = await core.runs.put(next, rev);
    if (written.ok) {
      await followUp(core, { run: next, rev: written.rev });
      return { kind: "finished", run: next };
    }
    const { current } = written;
    if (current !== undefined && hasFinished(current.run, run)) {
      // Our own write of before, whose answer was lost.
      await followUp(core, current);
      return { kind: "finished", run: current.run };
    }
    if (current === undefined || !isHeld(current.run) || current.run.epoch !== run.epoch) {
      core.metrics.count("results_fenced");
      return { kind: "fenced", run: current?.run };
    }
    ({ run, rev } = { run: current.run, rev: current.rev });
  }
  throw new Error(
    `Cannot finish run "${claim.run.stamp}" of job "${claim.run.job}": it changed ${MAX_ROUNDS} times meanwhile`,
  );
}

/** Whether this attempt has been finished by its worker, and not been taken from it. */
function hasFinished(current: Run, { epoch }: RunningRun): boolean {
  return current.attempts.some((attempt) => attempt.epoch === epoch && attempt.outcome !== "lost");
}

/** Stores what a running attempt tells of itself. `false` when the attempt is no longer this worker's. */
export async function reportProgress(core: Core, run: RunningRun, progress: Json): Promise<boolean> {
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const stored = await core.runs.find(run);
    if (stored === undefined || stored.run.status !== "running" || stored.run.epoch !== run.epoch) return false;
    if ((await core.runs.put({ ...stored.run, progress }, stored.rev)).ok) return true;
  }
  return true;
}
