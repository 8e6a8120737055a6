import { formatRunId, type RunKey, stepOf } from "../../run/run-id.ts";
import { isEnded, type Run } from "../../run/run.ts";
import type { MirrorMessage } from "../../workflow/mirror-message.ts";
import type { Core } from "../core.ts";
import { sendToEngine } from "../send.ts";
import { FAILURE_REST_MS } from "./mirror.ts";
import { workflowOf } from "./step-run.ts";

/**
 * Tells the engine to bring the executions up to date that mirror these runs: workflows that are about to begin, or have
 * ended, and steps that have ended. Of those without an execution, and of items, nothing is told. May be repeated.
 */
export async function tellMirror(core: Core, runs: readonly Run[]): Promise<void> {
  const messages = runs.filter(isShown);
  if (messages.length === 0) return;
  await sendToEngine(
    core,
    messages.map((run) => ({ body: encode(messageOf(run)), group: run.namespace, delayMs: delayMs(run) })),
  );
}

/** Tells the engine that a workflow was deleted. */
export async function tellMirrorOfDeletion(core: Core, { namespace, job }: Omit<RunKey, "stamp">): Promise<void> {
  await sendToEngine(core, [{ body: encode({ v: 1, deleted: { namespace, job } }), group: namespace, delayMs: 0 }]);
}

/** What is blocked is never answered: it goes down with what blocks it. */
function isShown(run: Run): boolean {
  const isBlocked = isEnded(run) && run.reason === "blocked";
  return run.isMirrored === true && !isBlocked && stepOf(run.stamp)?.item === undefined;
}

function messageOf(run: Run): MirrorMessage {
  const part = stepOf(run.stamp);
  if (part === undefined) return { v: 1, run: formatRunId(run) };
  return { v: 1, run: formatRunId(workflowOf(run, part)), step: part.step };
}

/** The failure of a workflow is shown when all else has been. */
function delayMs(run: Run): number {
  return stepOf(run.stamp) === undefined && isEnded(run) && run.status === "failed" ? FAILURE_REST_MS : 0;
}

function encode(message: MirrorMessage): string {
  return JSON.stringify(message);
}
