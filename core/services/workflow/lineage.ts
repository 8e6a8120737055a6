import { formatRunId, parseRunId, type RunKey, stepOf } from "../../run/run-id.ts";
import type { Run } from "../../run/run.ts";
import type { Core } from "../core.ts";
import { workflowOf } from "./step-run.ts";

/** How many workflows may be part of one another, the outermost included. */
export const MAX_WORKFLOW_DEPTH = 10;

/** The runs of workflows that a run is part of, as a step or through steps that wait for it, the nearest first. */
export async function runsAbove(core: Core, run: Run): Promise<readonly RunKey[]> {
  const above: RunKey[] = [];
  let id = stepOf(run.stamp) === undefined ? run.origin?.step : formatRunId(run);
  while (id !== undefined && above.length < MAX_WORKFLOW_DEPTH) {
    const key = parseRunId(id);
    const part = key && stepOf(key.stamp);
    if (key === undefined || part === undefined) break;
    const workflow = workflowOf(key, part);
    above.push(workflow);
    id = (await core.runs.find(workflow))?.run.origin?.step;
  }
  return above;
}
