import { formatRunId, type RunKey } from "../../run/run-id.ts";
import { isWantedEnd } from "../../run/run-end.ts";
import { type CarriedRun, type EndedRun, isCarried, isEnded, type Run } from "../../run/run.ts";
import type { StoredRun } from "../../store/run-store.ts";
import type { Core } from "../core.ts";
import { endedCarried } from "./step-run.ts";

const MAX_ROUNDS = 20;

/** Sees to it that a step is told of the runs that it waits for; before the step has its record. */
export async function listenFor(core: Core, step: Run): Promise<void> {
  if (step.awaits === undefined || isEnded(step)) return;
  const { namespace, awaits } = step;
  await core.listeners.put(namespace, awaits.job, { kind: "step", runId: formatRunId(step) });
  await core.jobs.markHeard(namespace, awaits.job);
}

/**
 * Ends a step that waits for another job's run if there is one that it waits for.
 *
 * @param told - a run that has ended; left out, the ledger is looked through
 * @returns the step, when this has ended it
 */
export async function endAwaiting(core: Core, step: RunKey, told?: EndedRun): Promise<StoredRun | undefined> {
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const stored = await core.runs.find(step);
    if (stored === undefined || !isCarried(stored.run) || stored.run.awaits === undefined) return undefined;
    const { run } = stored;
    const found = told === undefined ? await findAwaited(core, run) : isAwaited(run, told) ? told : undefined;
    if (found === undefined) return undefined;
    const result = { run: formatRunId(found), status: found.status, result: found.result ?? null };
    const ended = endedCarried(run, { status: "succeeded", result, endedAtMs: core.clock.nowMs() });
    const written = await core.runs.put(ended, stored.rev);
    if (written.ok) return { run: ended, rev: written.rev };
  }
  throw new Error(`Cannot end step "${formatRunId(step)}": it changed ${MAX_ROUNDS} times meanwhile`);
}

async function findAwaited(core: Core, step: CarriedRun): Promise<EndedRun | undefined> {
  const { namespace, awaits } = step;
  if (awaits === undefined) return undefined;
  const { job: name, fromMs, beforeMs } = awaits;
  for await (const row of core.runs.rows({ namespace, name }, { fromMs, beforeMs, descending: true })) {
    if ("run" in row && isEnded(row.run) && isAwaited(step, row.run)) return row.run;
  }
  return undefined;
}

function isAwaited({ awaits }: CarriedRun, { job, slotAtMs, status }: EndedRun): boolean {
  if (awaits?.job !== job) return false;
  return awaits.fromMs <= slotAtMs && slotAtMs < awaits.beforeMs && isWantedEnd(status, awaits.on);
}
