import type { Executions, StopReason } from "../../ports/executions.ts";
import { formatRunId, parseRunId, type RunKey } from "../../run/run-id.ts";
import { isCarried, isEnded, type EndedRun, type Run } from "../../run/run.ts";
import { answerFor, type StepAnswer, waitsForEnd } from "../../workflow/asl/answer.ts";
import { STEP_FAILED, type WorkflowEnd } from "../../workflow/end.ts";
import type { MirrorMessage } from "../../workflow/mirror-message.ts";
import type { WorkflowPlan } from "../../workflow/plan.ts";
import type { Core } from "../core.ts";
import type { EngineVerdict } from "./engine-message.ts";
import { stateOfRun, stepKey } from "./step-run.ts";

/**
 * How long after the end of a workflow its failure is told to its execution, which it ends: by then the states of what has
 * run beside it have been reached, in all likelihood.
 */
export const FAILURE_REST_MS = 10_000;
/** The run is told of right before it begins: one that has not by then was claimed by nobody, and is told of again. */
const MAX_EARLY_RECEIVES = 5;
const EARLY_REST_MS = 2_000;

const DELETE: EngineVerdict = { kind: "delete" };

/** Brings the execution that mirrors a workflow's run up to date with what a message tells of. */
export async function handleMirrorMessage(
  core: Core,
  message: MirrorMessage,
  receives: number,
): Promise<EngineVerdict> {
  const { executions } = core;
  // Executions were begun by a deployment that had them.
  if (executions === undefined) return DELETE;
  if ("deleted" in message) {
    // Unless it was defined again; none of its runs is under way else.
    if (await isDeleted(core, message.deleted)) await executions.remove(message.deleted);
    return DELETE;
  }
  const key = parseRunId(message.run);
  const run = key && (await core.runs.find(key))?.run;
  const work = run && (await core.jobs.ofRun(run))?.work;
  if (run === undefined || work?.kind !== "workflow") return DELETE;
  const mirror: Mirror = { core, executions, run, plan: work.plan };
  const reason = stopReasonOf(run);
  if (reason !== undefined) await stop(mirror, reason);
  else if (!("step" in message)) return mirrorRun(mirror, receives);
  else if ("token" in message) await reach(mirror, message);
  else await answerWaiting(mirror, message.step);
  return DELETE;
}

interface Mirror {
  readonly core: Core;
  readonly executions: Executions;
  readonly run: Run;
  readonly plan: WorkflowPlan;
}

/** Whatever of it was told last: should it begin only after it was stopped, it is told of again by its first Task. */
async function stop({ core, executions, run }: Mirror, reason: StopReason): Promise<void> {
  await executions.stop(run, reason);
  for await (const waiting of core.tasks.list(run)) await core.tasks.remove(run, waiting);
}

async function mirrorRun(mirror: Mirror, receives: number): Promise<EngineVerdict> {
  const { core, executions, run, plan } = mirror;
  if (!isEnded(run) && !isCarried(run))
    return receives < MAX_EARLY_RECEIVES ? { kind: "hide", forMs: EARLY_REST_MS } : DELETE;
  // Also of one that has ended, as a short one is to be seen as well; but what would show it goes with its job.
  if (!isEnded(run) || !(await isDeleted(core, run))) await executions.begin(run, plan);
  if (!isEnded(run)) return DELETE;
  const restMs = run.status === "failed" ? run.endedAtMs + FAILURE_REST_MS - core.clock.nowMs() : 0;
  if (restMs > 0) return { kind: "hide", forMs: restMs };
  for await (const { step } of core.tasks.list(run)) await answerWaiting(mirror, step);
  return DELETE;
}

/** The Task of a step was reached: it is answered, or waits. */
async function reach(
  mirror: Mirror,
  { step, token }: { readonly step: string; readonly token: string },
): Promise<void> {
  const { core, executions, run } = mirror;
  const answer = await answerOf(mirror, step);
  if (answer !== undefined) return executions.answer(token, answer);
  await core.tasks.put(run, step, token);
  // It may have ended before the token was there to be found by whoever ended it.
  const now = (await core.runs.find(run))?.run ?? run;
  const reason = stopReasonOf(now);
  if (reason !== undefined) await stop({ ...mirror, run: now }, reason);
  else await answerWaiting({ ...mirror, run: now }, step);
}

/** Answers a step's Task, if it waits and there is an answer. */
async function answerWaiting(mirror: Mirror, step: string): Promise<void> {
  const { core, executions, run } = mirror;
  const waiting = await core.tasks.find(run, step);
  if (waiting === undefined) return;
  const answer = await answerOf(mirror, step);
  if (answer !== undefined) await executions.answer(waiting.token, answer);
  // What has no answer by the end goes down with its execution.
  if (answer !== undefined || (isEnded(run) && isFailureDue(core, run))) await core.tasks.remove(run, waiting);
}

async function answerOf({ core, run, plan }: Mirror, name: string): Promise<StepAnswer | undefined> {
  const step = plan.steps.get(name);
  const row = step && (await core.runs.find(stepKey(run, name)));
  if (step === undefined || row === undefined) return undefined;
  if (!isEnded(run) && waitsForEnd(step, plan)) return undefined;
  return answerFor(step, stateOfRun(row.run), isEnded(run) && isFailureDue(core, run) ? endOf(run) : undefined);
}

function isFailureDue(core: Core, run: EndedRun): boolean {
  return core.clock.nowMs() >= run.endedAtMs + FAILURE_REST_MS;
}

function endOf(run: EndedRun): WorkflowEnd | undefined {
  if (run.status !== "failed") return undefined;
  return { status: "failed", error: run.error ?? { name: STEP_FAILED, message: "a step has failed" } };
}

/** Of a run that has ended in a way that none of its steps can show. */
function stopReasonOf(run: Run): StopReason | undefined {
  if (!isEnded(run) || run.status === "succeeded" || run.error?.name === STEP_FAILED) return undefined;
  const { name, message } = run.error ?? { name: run.status, message: `run "${formatRunId(run)}" has ended` };
  return { error: `Carillon.${name}`, cause: message };
}

async function isDeleted(core: Core, { namespace, job }: Pick<RunKey, "namespace" | "job">): Promise<boolean> {
  const version = (await core.jobs.find(namespace, job))?.compiled.version;
  return version === undefined || version.state === "deleted";
}
