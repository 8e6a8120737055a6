import { parseRunId, type RunKey } from "../../core/run/run-id.ts";
import type { Run } from "../../core/run/run.ts";
import type { Core } from "../../core/services/core.ts";
import { problem, ProblemError } from "../contract/problem.ts";

/** @throws {ProblemError} `run-not-found` */
export async function getRun(core: Core, runId: string): Promise<Run> {
  const stored = await core.runs.find(runKeyOf(runId));
  if (stored === undefined) throw noRun(runId);
  return stored.run;
}

export function runKeyOf(runId: string): RunKey {
  const key = parseRunId(runId);
  if (key === undefined) throw noRun(runId);
  return key;
}

export function noRun(runId: string): ProblemError {
  return new ProblemError(problem("run-not-found", `Cannot find run "${runId}"`));
}
