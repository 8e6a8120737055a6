import { type CarriedRun, type Ending, hasParts, isEnded } from "../../run/run.ts";
import type { StoredRun } from "../../store/run-store.ts";
import type { PlanStep } from "../../workflow/plan.ts";
import { cancelRun } from "../cancel-run.ts";
import type { Core } from "../core.ts";
import { followUp } from "../follow-up.ts";
import { advanceItems } from "./advance-items.ts";
import { advanceWorkflow } from "./advance-workflow.ts";
import { endAwaiting } from "./await-run.ts";
import { childKey, endChildStep, submitChild } from "./child-run.ts";
import { endedCarried } from "./step-run.ts";

/** A run that the engine carries, and the revision of its record. */
export interface Carried {
  readonly run: CarriedRun;
  readonly rev: number;
}

/**
 * Does for a run that the engine carries what has to be done by now: whatever its time has come for, and what others were
 * killed before they could do it. May be called at any time.
 */
export async function carry(core: Core, carried: Carried): Promise<void> {
  const ended = await carryOn(core, carried);
  if (ended !== undefined) await followUp(core, ended);
}

async function carryOn(core: Core, { run, rev }: Carried): Promise<StoredRun | undefined> {
  const job = await core.jobs.ofRun(run);
  if (job === undefined) return undefined;
  const isDue = run.wakeAtMs !== undefined && core.clock.nowMs() >= run.wakeAtMs;
  if (run.cancel !== undefined && hasParts(run)) {
    const { by, graceMs, note } = run.cancel;
    // Its own grace time is what nobody has asked for: the parts have theirs, which may be longer.
    const asked = graceMs === job.timeouts.graceMs ? {} : { graceMs };
    await cancelRun(core, run, { by, ...asked, ...(note === undefined ? {} : { note }) });
    return run.child === undefined ? undefined : carryChild(core, run);
  }
  if (job.work.kind === "workflow") {
    if (!isDue) return advanceWorkflow(core, run);
    const note = `ran longer than ${job.timeouts.runMs} ms`;
    await cancelRun(core, run, { by: "carillon", note, isTimeout: true });
    return undefined;
  }
  if (run.items !== undefined) return advanceItems(core, run);
  if (run.child !== undefined) return carryChild(core, run);
  const awaited = run.awaits === undefined ? undefined : await endAwaiting(core, run);
  if (awaited !== undefined || !isDue || job.work.kind !== "step") return awaited;
  const ended = endedCarried(run, { ...endOfWait(job.work.step), endedAtMs: core.clock.nowMs() });
  const written = await core.runs.put(ended, rev);
  return written.ok ? { run: ended, rev: written.rev } : undefined;
}

async function carryChild(core: Core, run: CarriedRun): Promise<StoredRun | undefined> {
  const key = childKey(run);
  const child = key && (await core.runs.find(key));
  if (child === undefined) {
    await submitChild(core, run);
    return undefined;
  }
  return isEnded(child.run) ? endChildStep(core, run, child.run) : undefined;
}

/** How a step ends whose time has come. */
function endOfWait({ action }: PlanStep): Omit<Ending, "endedAtMs"> {
  if (action.kind === "awaits") {
    const message = `no run of job "${action.job}" has ended in time as it was to (${action.on})`;
    return { status: "failed", error: { name: "AWAITED_EXPIRED", message } };
  }
  if (action.kind !== "approval") return { status: "succeeded" };
  if (action.onExpiry === "approve") return { status: "succeeded", result: { approved: true, by: "expiry" } };
  const error = { name: "APPROVAL_EXPIRED", message: "nobody has decided in time" };
  return { status: "failed", error, result: { approved: false, by: "expiry" } };
}
