import type { CheckContext } from "./context.ts";
import { hasEnded, type LimitRow, partOf, type RunRow, runName } from "./rows.ts";

/**
 * Runs that may stay as they are, since nobody resumes a job that has paused itself after its last failures: those of it that
 * have not begun, and all that waits for one of them to end.
 */
export function heldRuns(
  { simulation, jobs }: Pick<CheckContext, "simulation" | "jobs">,
  runs: ReadonlyMap<string, RunRow>,
): ReadonlySet<string> {
  const open = [...runs].filter(([, run]) => !hasEnded(run));
  const isPaused = ({ namespace, job }: RunRow): boolean => jobs.current(`${namespace}/${job}`)?.state === "paused";
  const held = new Set<string>();
  let next = open.flatMap(([name, run]) =>
    partOf(run) === undefined && run.attempt === 0 && isPaused(run) ? [name] : [],
  );
  const limits = simulation.items.dump("limit#").map(({ body }) => body as LimitRow);
  const { maxWaiters } = simulation.knobs;
  const waitingAt = ({ waiters }: LimitRow): readonly string[] => {
    if (waiters.length < maxWaiters) return waiters.map(runName);
    // More wait in the queue, of the same jobs in all likelihood.
    const isOfSameJob = ({ namespace, job }: RunRow) =>
      waiters.some((waiter) => waiter.namespace === namespace && waiter.job === job);
    return open.flatMap(([name, run]) => (run.status === "queued" && isOfSameJob(run) ? [name] : []));
  };
  while (next.length > 0) {
    for (const name of next) held.add(name);
    const taken = limits.filter(({ holders }) => holders.some((holder) => held.has(runName(holder))));
    next = [...next.flatMap((name) => waitsFor(runs.get(name))), ...taken.flatMap(waitingAt)].filter(
      (name) => !held.has(name),
    );
  }
  return held;
}

/** What can't end before a run has. */
function waitsFor(run: RunRow | undefined): readonly string[] {
  if (run === undefined) return [];
  const { namespace, job, origin } = run;
  const part = partOf(run);
  if (part === undefined) return origin?.step === undefined ? [] : [origin.step];
  const { of, step, item } = part;
  const workflow = runName({ namespace, job, stamp: of });
  return [item === undefined ? workflow : `${workflow}.${step}`];
}
