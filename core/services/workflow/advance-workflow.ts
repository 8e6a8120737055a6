import { CarillonError } from "../../errors.ts";
import { MacroError } from "../../run/macros.ts";
import { formatRunId, type RunKey } from "../../run/run-id.ts";
import { type EndedRun, type Ending, isEnded, type Run } from "../../run/run.ts";
import type { StoredRun } from "../../store/run-store.ts";
import { advance, type AdvanceContext, type Settlement, stateOf } from "../../workflow/advance.ts";
import type { WorkflowEnd } from "../../workflow/end.ts";
import type { Core } from "../core.ts";
import { advanceItems } from "./advance-items.ts";
import { endAwaiting } from "./await-run.ts";
import { newStep } from "./new-step.ts";
import { advanceContext, openWorkflow, type OpenWorkflow } from "./read-workflow.ts";
import { recordSteps } from "./record-steps.ts";
import { sizeProblem } from "./size.ts";
import { SharedWork } from "./shared-work.ts";
import { endedCarried, settledStep, stateOfRun } from "./step-run.ts";
import { tellMirror } from "./tell-mirror.ts";

/** Each round but the last has seen a step change. */
const MAX_ROUNDS = 100;

/**
 * Takes a workflow's run as far as it can go by now: settles steps, starts those whose turn has come, and ends the run when
 * all have ended. May be called at any time, by several at once, and be killed at any point: each record is written where
 * there is none, so what one of them has decided stands, and the others see it.
 *
 * @returns the run, when it has ended: what follows from that is for the caller to do, also when another has ended it, who
 * may have died since
 */
export function advanceWorkflow(core: Core, key: RunKey): Promise<StoredRun | undefined> {
  const shared = advances.get(core) ?? new SharedWork();
  advances.set(core, shared);
  return shared.do(formatRunId(key), () => advanceFar(core, key));
}

/** Each reads all of a workflow's steps: those that end side by side in one process are answered by one. */
const advances = new WeakMap<Core, SharedWork<StoredRun | undefined>>();

async function advanceFar(core: Core, key: RunKey): Promise<StoredRun | undefined> {
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const stored = await core.runs.find(key);
    if (stored === undefined || isEnded(stored.run)) return stored;
    const workflow = await openWorkflow(core, stored);
    if (workflow === undefined) return undefined;
    const outcome = await advanceOnce(core, workflow);
    if (outcome !== "again") return outcome;
  }
  throw new Error(`Cannot advance run "${formatRunId(key)}": its steps changed ${MAX_ROUNDS} times meanwhile`);
}

type Outcome = StoredRun | undefined | "again";

async function advanceOnce(core: Core, workflow: OpenWorkflow): Promise<Outcome> {
  let context: AdvanceContext;
  try {
    context = advanceContext(workflow);
  } catch (error) {
    if (!(error instanceof MacroError) && !(error instanceof CarillonError)) throw error;
    return end(core, workflow, { status: "failed", error: { name: error.code, message: error.message } });
  }
  const decision = advance(workflow.plan, workflow.states, context);
  if (!(await settleAll(core, workflow, decision.settle))) return "again";
  // What is started may ask for what has just been settled.
  const settled = decision.settle.map((settlement) => [settlement.step, stateOf(settlement)] as const);
  const states = new Map([...workflow.states, ...settled]);
  if (decision.start.length > 0) return start(core, { ...workflow, states }, { names: decision.start, context });
  return decision.end === undefined ? undefined : end(core, workflow, decision.end);
}

/** @returns whether all steps stand as it was decided, by this or by another; after one that does not, none is written */
async function settleAll(core: Core, { run }: OpenWorkflow, settlements: readonly Settlement[]): Promise<boolean> {
  const settled: Run[] = [];
  let stands = true;
  for (const settlement of settlements) {
    const step = settledStep(run, settlement, core.clock.nowMs());
    const written = await core.runs.put(step, "absent");
    if (written.ok) settled.push(step);
    // With the choice of a switch: another, who asked at another moment, may have come to a different one.
    else stands = written.current !== undefined && isSameState(written.current.run, settlement);
    if (!stands) break;
  }
  await tellMirror(core, settled);
  return stands;
}

function isSameState(run: Run, settlement: Settlement): boolean {
  return JSON.stringify(stateOfRun(run)) === JSON.stringify(stateOf(settlement));
}

/**
 * Starts steps side by side. One that has ended at once, or was settled by another, may change what comes next.
 */
async function start(
  core: Core,
  workflow: OpenWorkflow,
  { names, context }: { readonly names: readonly string[]; readonly context: AdvanceContext },
): Promise<Outcome> {
  const steps = await Promise.all(names.map((name) => newStep(core, workflow, { name, context })));
  const written = await recordSteps(core, steps);
  let isAgain = false;
  for (const [index, { run }] of steps.entries()) {
    const write = written[index];
    const stands: Run | undefined = write?.ok === true ? run : write?.current?.run;
    if (stands === undefined || isEnded(stands)) isAgain = true;
    else if (write?.ok === true && (await hasEndedAtOnce(core, run))) isAgain = true;
  }
  return isAgain ? "again" : undefined;
}

/** Of a step that has begun: what it waits for may be there already. */
async function hasEndedAtOnce(core: Core, step: Run): Promise<boolean> {
  const ended = step.items === undefined ? await awaitedAtOnce(core, step) : await advanceItems(core, step);
  if (ended !== undefined) await tellMirror(core, [ended.run]);
  return ended !== undefined;
}

async function awaitedAtOnce(core: Core, step: Run): Promise<StoredRun | undefined> {
  return step.awaits === undefined ? undefined : endAwaiting(core, step);
}

async function end(core: Core, { run, rev }: OpenWorkflow, verdict: WorkflowEnd): Promise<Outcome> {
  const ended: EndedRun = endedCarried(run, { ...endingOf(run, verdict), endedAtMs: core.clock.nowMs() });
  const written = await core.runs.put(ended, rev);
  return written.ok ? { run: ended, rev: written.rev } : "again";
}

function endingOf(run: Run, verdict: WorkflowEnd): Omit<Ending, "endedAtMs"> {
  switch (verdict.status) {
    case "succeeded": {
      const error = sizeProblem("its outputs", verdict.outputs);
      if (error !== undefined) return { status: "failed", error };
      return { status: "succeeded", ...(Object.keys(verdict.outputs).length > 0 && { result: verdict.outputs }) };
    }
    case "failed":
      return { status: "failed", error: verdict.error };
    case "cancelled": {
      const { by = "", note, isTimeout = false } = run.cancel ?? {};
      if (isTimeout) return { status: "timedOut", error: { name: "TIMEOUT", message: note ?? "ran too long" } };
      return {
        status: "cancelled",
        error: { name: "CANCELLED", message: `stopped by ${by}${note === undefined ? "" : `: ${note}`}` },
        stop: { confirmed: true, evidence: "none of its steps is open" },
      };
    }
  }
}
