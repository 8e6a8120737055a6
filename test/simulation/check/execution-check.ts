import { DELETED } from "../../support/state-machines.ts";
import type { CheckContext } from "./context.ts";
import type { End } from "./final-checks.ts";
import { hasEnded, partOf, type RunRow } from "./rows.ts";

/** By whose loss an execution may never have begun: nothing of it is there that would tell of it again. */
const LOSSES = ["lost", "purge", "ignored"];

/** Executions that show runs have come to the same end, each state entered once. */
export function checkExecutions({ simulation, tell }: CheckContext, { runs }: End): void {
  const { executions } = simulation.machines;
  for (const [name, { status, reason, entered }] of executions) {
    const run = runs.get(name);
    if (run === undefined) {
      tell("I58", `${name} has an execution and is nowhere`);
      continue;
    }
    if (reason === DELETED) continue;
    const expected = hasEnded(run) ? endOf(run) : "RUNNING";
    if (status !== expected) tell("I58", `${name} is ${run.status}, and its execution ${status}`);
    if (new Set(entered).size !== entered.length)
      tell("I58", `${name}: its execution entered a state twice: ${entered.join()}`);
    simulation.faults.count(`execution ${status}`);
  }
  if (LOSSES.some((loss) => simulation.faults.counts.has(loss))) return;
  for (const [name, run] of runs)
    if (run.isMirrored === true && partOf(run) === undefined && run.status === "succeeded" && !executions.has(name))
      tell("I58", `${name} has succeeded, and has no execution`);
}

function endOf(run: RunRow): string {
  if (run.status === "succeeded") return "SUCCEEDED";
  return run.status === "failed" && run.error?.name === "STEP_FAILED" ? "FAILED" : "ABORTED";
}
