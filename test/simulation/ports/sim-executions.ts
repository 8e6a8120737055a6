import type { Executions } from "../../../core/ports/executions.ts";
import { formatRunId } from "../../../core/run/run-id.ts";
import type { ServiceExecutions } from "../../support/state-machines.ts";
import type { Life } from "../kernel/life.ts";

/** The Executions port as one process sees it, with all that may befall a call. */
export function simExecutions(life: Life, executions: ServiceExecutions): Executions {
  return {
    begin: (run, plan) => life.call("executions.begin", formatRunId(run), () => void executions.begin(run, plan)),
    answer: (token, answer) => life.call("executions.answer", token, () => void executions.answer(token, answer)),
    stop: (run, reason) => life.call("executions.stop", formatRunId(run), () => void executions.stop(run, reason)),
    remove: (job) => life.call("executions.remove", `${job.namespace}.${job.job}`, () => void executions.remove(job)),
  };
}
