import type { CheckContext } from "./context.ts";
import { overlapOf } from "./job-model.ts";
import type { End } from "./final-checks.ts";

/**
 * How late a run may start when nothing dies and nothing is lost: a send that failed is tried again after 5 s, well within
 * the lead; a claim that failed comes back after 5 s at most. Below the time after which a sweeper would hide the delay.
 */
const MOST_MS = 12_000;
/** For each of the faults that befell the run's own calls. */
const FAULT_MS = 6_000;

/** Every run that waits for no other one has started on time, and no worker has lost what it had. */
export function checkPrecision(context: CheckContext, end: End): void {
  checkNothingIsTaken(context, end);
  checkStarts(context, end);
}

/** Every worker lives: nothing that one is at work on is taken from it. An attempt that never began may be lost with the answer to its claim. */
function checkNothingIsTaken({ effects, tell }: CheckContext, { runs }: End): void {
  const begun = new Set(effects.map(({ runId, epoch }) => `${runId} ${epoch}`));
  for (const [name, { attempts }] of runs)
    for (const { epoch, attempt, outcome } of attempts)
      if ((outcome === "lost" || outcome === "drained") && begun.has(`${name} ${epoch}`))
        tell("I17", `attempt ${attempt} of ${name} was ${outcome} while its worker was at work on it`);
}

function checkStarts({ simulation, jobs, tell }: CheckContext, { runs, claims }: End): void {
  const faults = new Map<string, number>();
  for (const key of simulation.faults.fired) {
    const stamp = /\d{8}T\d{6}\.\d{3}Z[^| ]*/.exec(key)?.[0];
    if (stamp !== undefined) faults.set(stamp, (faults.get(stamp) ?? 0) + 1);
  }
  for (const [name, run] of runs) {
    const definition = jobs.version(`${run.namespace}/${run.job}`, run.version)?.definition;
    const first = claims.get(name)?.[0];
    if (first === undefined || definition === undefined || run.cause !== "slot") continue;
    if (overlapOf(definition) !== "allow" || definition.concurrency !== undefined) continue;
    // What was held by a pause, or defined after its instant, is due when that is over.
    const version = jobs.versions(`${run.namespace}/${run.job}`);
    const isFirst = version.some(
      ({ sinceMs }) => run.slotAtMs - sinceMs < 20_000 && sinceMs < first.atMs + simulation.kernel.epochMs,
    );
    if (isFirst || version.some(({ state }) => state !== "active")) continue;
    const lateMs = first.atMs + simulation.kernel.epochMs - run.dueAtMs;
    const mostMs = MOST_MS + FAULT_MS * (faults.get(run.stamp) ?? 0);
    if (lateMs > mostMs) tell("I4", `${name} started ${Math.round(lateMs)} ms late; at most ${mostMs} are just`);
  }
}
