import { latenessOf, percentile } from "../harness/statistics.ts";
import type { Figures } from "../messages.ts";
import type { BenchWorkflow, StoredWorkflow } from "../peer.ts";

/** How long after its last need had ended each step started, in milliseconds; steps without needs are left out. */
export function gapsMs({ steps }: StoredWorkflow, workflow: BenchWorkflow): readonly number[] {
  return [...workflow].flatMap(([name, needs]) => {
    const step = steps.get(name);
    const ends = needs.flatMap((need) => steps.get(need)?.toMs ?? []);
    return step === undefined || needs.length === 0 || ends.length < needs.length
      ? []
      : [step.fromMs - Math.max(...ends)];
  });
}

/** Of workflows that ran all at once. */
export function crowdFigures(stored: readonly StoredWorkflow[], workflow: BenchWorkflow): Figures {
  return latenessOf(stored.flatMap((run) => gapsMs(run, workflow)));
}

/** Of workflows that ran one after the other. */
export function aloneFigures(stored: readonly StoredWorkflow[], workflow: BenchWorkflow): Figures {
  const { p50Ms = null, p99Ms = null } = latenessOf(stored.flatMap((run) => gapsMs(run, workflow)));
  const lastedMs = stored.map((run) => run.lastedMs).toSorted((a, b) => a - b);
  return { aloneP50Ms: p50Ms, aloneP99Ms: p99Ms, wholeP50Ms: percentile(lastedMs, 50) };
}

/** Counts what the store does not hold as it should: runs that succeeded, with each step started once. */
export function endsOf(
  stored: readonly StoredWorkflow[],
  { workflow, runs }: { readonly workflow: BenchWorkflow; readonly runs: number },
): { readonly notEnded: number; readonly notOnce: number } {
  const succeeded = stored.filter(({ hasSucceeded }) => hasSucceeded).length;
  const once = stored.reduce((sum, { steps }) => sum + [...steps.values()].filter(({ isOnce }) => isOnce).length, 0);
  return { notEnded: runs - succeeded, notOnce: runs * workflow.size - once };
}
