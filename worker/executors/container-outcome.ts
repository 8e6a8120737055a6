import type { Task } from "@aws-sdk/client-ecs";
import { exitCodeOf } from "../../adapters/aws/ecs-tasks.ts";
import type { Outcome } from "./executor.ts";
import { taskError } from "./failure.ts";

/** How the attempt ended whose task has stopped without our asking. */
export function containerOutcome(task: Task, { lastLine }: { readonly lastLine: string }): Outcome {
  const exitCode = exitCodeOf(task);
  const reason = task.containers?.find(({ reason: text }) => text !== undefined)?.reason;
  const why = (reason ?? task.stoppedReason ?? "no reason given").replace(/\.$/, "");
  const withCode = exitCode === undefined ? {} : { exitCode };
  if (task.stopCode === "SpotInterruption" || task.stopCode === "TerminationNotice") {
    return { ok: false, error: taskError("SPOT_INTERRUPTED", `Container was ended: ${why}`), ...withCode };
  }
  if (exitCode === undefined) return { ok: false, error: taskError("START_FAILED", `Container did not start: ${why}`) };
  if (task.stopCode !== undefined && task.stopCode !== "EssentialContainerExited") {
    return { ok: false, error: taskError("TASK_STOPPED", `Container was stopped from outside: ${why}`), exitCode };
  }
  if (exitCode === 0) return { ok: true, exitCode };
  if (reason?.includes("OutOfMemory") === true) {
    return {
      ok: false,
      error: taskError("RESOURCE_LIMIT", `Container used more memory than it has: ${why}`),
      exitCode,
    };
  }
  const detail = lastLine === "" ? "" : `: ${lastLine}`;
  return { ok: false, error: taskError("EXIT_CODE", `Container ended with exit code ${exitCode}${detail}`), exitCode };
}
