import type { CompiledJob } from "../job/compile.ts";
import type { JsonObject } from "../json.ts";
import type { MacroContext } from "./macros.ts";
import { formatRunId } from "./run-id.ts";
import type { Run } from "./run.ts";

/** What the macros of a run's texts stand for. */
export function macroContext(run: Run, job: CompiledJob): MacroContext {
  return {
    slotAtMs: run.slotAtMs,
    timezone: job.version.definition.schedule?.timezone ?? "UTC",
    run: { id: formatRunId(run), attempt: run.attempt, epoch: run.epoch },
    job: { name: run.job, namespace: run.namespace },
    parameters: runParameters(run, job),
  };
}

/** The parameters of a run before its macros are expanded: the job's, overridden by the run's own. */
export function runParameters(run: Run, job: CompiledJob): JsonObject {
  return { ...(job.version.definition.parameters as JsonObject | undefined), ...run.parameters };
}
