import type { Executions, StopReason } from "../../ports/executions.ts";
import { formatRunId, parseRunId, type RunKey } from "../../run/run-id.ts";
import { isCarried, isEnded, type EndedRun, type Run } from "../../run/run.ts";
import type { ReachedStep } from "../../store/reached-store.ts";
import { answerFor, type StepAnswer, waitsForEnd } from "../../workflow/asl/answer.ts";
import { STEP_FAILED, type WorkflowEnd } from "../../workflow/end.ts";
import type { MirrorMessage } from "../../workflow/mirror-message.ts";
import type { WorkflowPlan } from "../../workflow/plan.ts";
import type { Core } from "../core.ts";
import type { EngineVerdict } from "./engine-message.ts";
import { sideBySide } from "./side-by-side.ts";
import { stateOfRun, stepKey } from "./step-run.ts";

/**
 * How long after the end of a workflow its failure is told to its execution, which it ends: by then the states of what has
 * run beside it have been reached, in all likelihood.
 */
export const FAILURE_REST_MS = 10_000;
/** The run is told of right before it begins: one that has not by then was claimed by nobody, and is told of again. */
const MAX_EARLY_RECEIVES = 5;
const EARLY_REST_MS = 2_000;
/** Steps that are answered, or forgotten, at the same time. */
const MAX_AT_ONCE = 10;

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
  const mirror = await findMirror(core, executions, message.run);
  if ("token" in message) {
    if (mirror !== undefined) await reach(mirror, message);
    return DELETE;
  }
  if ("step" in message) {
    if (mirror !== undefined && !isToBeStopped(mirror.run)) await answerWaiting(mirror, message.step);
    return DELETE;
  }
  // The run of a slot has no record before it is claimed.
  if (mirror === undefined || !(isEnded(mirror.run) || isCarried(mirror.run))) {
    return receives < MAX_EARLY_RECEIVES ? { kind: "hide", forMs: EARLY_REST_MS } : DELETE;
  }
  return mirrorRun(mirror);
}

interface Mirror {
  readonly core: Core;
  readonly executions: Executions;
  readonly run: Run;
  readonly plan: WorkflowPlan;
}

/** @returns `undefined` when there is no run of a workflow with this id, as yet or at all */
async function findMirror(core: Core, executions: Executions, id: string): Promise<Mirror | undefined> {
  const key = parseRunId(id);
  const run = key && (await core.runs.find(key))?.run;
  const work = run && (await core.jobs.ofRun(run))?.work;
  return run === undefined || work?.kind !== "workflow" ? undefined : { core, executions, run, plan: work.plan };
}

async function mirrorRun(mirror: Mirror): Promise<EngineVerdict> {
  const { core, executions, run, plan } = mirror;
  // It was claimed by a deployment without executions: nobody would tell of its steps.
  if (run.isMirrored !== true) return DELETE;
  const reason = stopReasonOf(run);
  if (reason !== undefined) {
    await stop(mirror, reason);
    return DELETE;
  }
  // Also of one that has ended, as a short one is to be seen as well; but what would show it goes with its job.
  if (!isEnded(run) || !(await isDeleted(core, run))) await executions.begin(run, plan);
  if (!isEnded(run)) return DELETE;
  const restMs = run.status === "failed" ? run.endedAtMs + FAILURE_REST_MS - core.clock.nowMs() : 0;
  if (restMs > 0) return { kind: "hide", forMs: restMs };
  await answerAll(mirror);
  return DELETE;
}

/** The Task of a step was reached: it is answered, or waits. */
async function reach(
  mirror: Mirror,
  { step, token, retries }: { readonly step: string; readonly token: string; readonly retries: number },
): Promise<void> {
  const { core, executions, run } = mirror;
  // It began after it was to be stopped.
  const reason = stopReasonOf(run);
  if (reason !== undefined) return stop(mirror, reason);
  const answer = await answerOf(mirror, step);
  if (answer !== undefined) return executions.answer(token, answer);
  await core.reached.put(run, { step, token, retries });
  // It may have ended before the token was there to be found by whoever ended it.
  const now = { ...mirror, run: (await core.runs.find(run))?.run ?? run };
  const reasonNow = stopReasonOf(now.run);
  return reasonNow === undefined ? answerWaiting(now, step) : stop(now, reasonNow);
}

/** Answers a step's Task, if it waits and there is an answer. */
async function answerWaiting(mirror: Mirror, step: string): Promise<void> {
  const { core, executions, run } = mirror;
  const waiting = await core.reached.find(run, step);
  if (waiting === undefined) return;
  const answer = await answerOf(mirror, step);
  if (answer !== undefined) await executions.answer(waiting.token, answer);
  // What has no answer by the end goes down with its execution.
  if (answer !== undefined || (isEnded(run) && isFailureDue(core, run))) await core.reached.remove(run, waiting);
}

/** Answers all that waits of a run that has ended: a failure last, and one is enough, as it ends the execution. */
async function answerAll(mirror: Mirror): Promise<void> {
  const { core, executions, run } = mirror;
  const waiting = await core.reached.list(run);
  if (waiting.length === 0) return;
  const rows = await core.runs.steps(run);
  const answers = waiting.flatMap(({ step, token }) => {
    const answer = answerOfRow(mirror, step, rows.get(step)?.run);
    return answer === undefined ? [] : [{ token, answer }];
  });
  await sideBySide(
    answers.filter(({ answer }) => answer.as === "success"),
    MAX_AT_ONCE,
    ({ token, answer }) => executions.answer(token, answer),
  );
  const failed = answers.find(({ answer }) => answer.as === "failure");
  if (failed !== undefined) await executions.answer(failed.token, failed.answer);
  await forget(mirror, waiting);
}

async function stop(mirror: Mirror, reason: StopReason): Promise<void> {
  const { core, executions, run } = mirror;
  await executions.stop(run, reason);
  await forget(mirror, await core.reached.list(run));
}

function forget({ core, run }: Mirror, steps: readonly ReachedStep[]): Promise<void> {
  return sideBySide(steps, MAX_AT_ONCE, (step) => core.reached.remove(run, step));
}

async function answerOf(mirror: Mirror, step: string): Promise<StepAnswer | undefined> {
  const { core, run } = mirror;
  return answerOfRow(mirror, step, (await core.runs.find(stepKey(run, step)))?.run);
}

function answerOfRow({ core, run, plan }: Mirror, name: string, row: Run | undefined): StepAnswer | undefined {
  const step = plan.steps.get(name);
  if (step === undefined || row === undefined) return undefined;
  if (!isEnded(run) && waitsForEnd(step, plan)) return undefined;
  return answerFor(step, stateOfRun(row), isEnded(run) && isFailureDue(core, run) ? endOf(run) : undefined);
}

function isFailureDue(core: Core, run: EndedRun): boolean {
  return core.clock.nowMs() >= run.endedAtMs + FAILURE_REST_MS;
}

function endOf(run: EndedRun): WorkflowEnd | undefined {
  if (run.status !== "failed") return undefined;
  return { status: "failed", error: run.error ?? { name: STEP_FAILED, message: "a step has failed" } };
}

function isToBeStopped(run: Run): boolean {
  return stopReasonOf(run) !== undefined;
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
