import { CarillonError } from "../../errors.ts";
import { formatRunId, type RunKey } from "../../run/run-id.ts";
import { type EndedRun, type Ending, endedFrom, isCarried, isEnded, type Run } from "../../run/run.ts";
import { orPutOff } from "../after-commit.ts";
import type { Core } from "../core.ts";
import { followUp } from "../follow-up.ts";
import { changedTooOften, expectCarried, expectStep, expectWorkflow } from "./expect-workflow.ts";
import { endedCarried, settledStep, workflowOf } from "./step-run.ts";

export interface StepMark {
  readonly as: "succeeded" | "skipped";
  readonly by: string;
  readonly note?: string;
}

const MAX_ROUNDS = 20;

/**
 * Ends a step of a workflow that is under way as if it had succeeded, or leaves it out: one that has not begun, or that waits.
 *
 * @throws {CarillonError} `run-not-found`, `not-a-step`, `not-a-workflow`, `run-already-final`, `run-not-running`,
 * `step-under-way`
 */
export async function markStep(core: Core, key: RunKey, mark: StepMark): Promise<EndedRun> {
  const part = expectStep(key, "mark");
  const id = formatRunId(key);
  const { stored, plan } = await expectWorkflow(core, workflowOf(key, part), "mark a step of");
  if (!plan.steps.has(part.step) || part.item !== undefined) {
    throw new CarillonError("run-not-found", `Cannot mark "${id}": the workflow has no such step`);
  }
  const { run: workflow } = expectCarried(stored, "mark a step of");
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const step = await core.runs.find(key);
    const ended = endedByMark(workflow, { key, step: step?.run, mark, nowMs: core.clock.nowMs() });
    const written = await core.runs.put(ended, step?.rev ?? "absent");
    if (!written.ok) continue;
    // The watch of the workflow goes on from here too.
    await orPutOff(core, () => followUp(core, { run: ended, rev: written.rev }));
    return ended;
  }
  throw changedTooOften(key, "mark", MAX_ROUNDS);
}

function endedByMark(
  workflow: Run,
  { key, step, mark, nowMs }: { key: RunKey; step: Run | undefined; mark: StepMark; nowMs: number },
): EndedRun {
  const ending: Ending = { ...endingOf(mark), endedAtMs: nowMs };
  if (step === undefined) return { ...markedStep(workflow, { key, mark, nowMs }) };
  const id = formatRunId(step);
  if (isEnded(step)) {
    const message = `Cannot mark "${id}": it has ended; redrive the workflow with a mark instead`;
    throw new CarillonError("run-already-final", message);
  }
  if (step.status !== "running") return { ...endedFrom(step, ending), mark: markOf(mark, nowMs) };
  if (!isCarried(step) || step.items !== undefined || step.child !== undefined) {
    const message = `Cannot mark "${id}": it is under way; cancel it, then redrive the workflow with a mark`;
    throw new CarillonError("step-under-way", message);
  }
  return { ...endedCarried(step, ending), mark: markOf(mark, nowMs) };
}

/** The record of a step that people have decided about before it began. */
export function markedStep(
  workflow: Run,
  { key, mark, nowMs }: { readonly key: RunKey; readonly mark: StepMark; readonly nowMs: number },
): EndedRun {
  const settled = settledStep(workflow, { step: "", as: "succeeded", output: [] }, nowMs);
  const { result: _, ...base } = settled;
  return { ...base, ...key, ...endingOf(mark), endedAtMs: nowMs, mark: markOf(mark, nowMs) };
}

function endingOf({ as }: StepMark): Omit<Ending, "endedAtMs"> {
  return as === "succeeded" ? { status: "succeeded" } : { status: "skipped", reason: "marked" };
}

function markOf({ by, note }: StepMark, atMs: number): NonNullable<EndedRun["mark"]> {
  return { atMs, by, ...(note === undefined ? {} : { note }) };
}
