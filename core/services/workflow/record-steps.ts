import type { Json } from "../../json.ts";
import { stepOf } from "../../run/run-id.ts";
import {
  type CarriedRun,
  type EndedRun,
  followsOthers,
  isCarried,
  isEnded,
  type QueuedRun,
  type Run,
} from "../../run/run.ts";
import type { RunEntry } from "../../store/due-index.ts";
import type { RunWrite } from "../../store/run-store.ts";
import type { Core } from "../core.ts";
import { runDoorbell, sendDoorbells } from "../send.ts";
import { watchesOf } from "../watch.ts";
import { listenFor } from "./await-run.ts";
import { submitChild } from "./child-run.ts";
import { workflowOf } from "./step-run.ts";
import { tellMirror } from "./tell-mirror.ts";

/** A step, or an item of one, that is to get its record. */
export interface NewStep {
  readonly run: QueuedRun | CarriedRun | EndedRun;
  /** What it runs for. */
  readonly list?: readonly Json[];
}

/**
 * Gives steps their records and rings for them. Watches are armed first, so that a recorded step can't be forgotten; a step
 * that has a record keeps it.
 *
 * @returns for each step whether the record is this one, and else what stands there
 */
export async function recordSteps(core: Core, steps: readonly NewStep[]): Promise<readonly RunWrite[]> {
  const runs = await Promise.all(steps.map((step) => withList(core, step)));
  await Promise.all(runs.map((run) => listenFor(core, run)));
  // The flush of the records covers what was committed before them.
  await Promise.all(watchesOfSteps(core, runs).map((watch) => core.due.arm(watch, { lazy: true })));
  const written = await Promise.all(runs.map((run) => core.runs.put(run, "absent")));
  const recorded = runs.filter((_, index) => written[index]?.ok === true);
  await tellMirror(core, recorded.filter(isEnded));
  await Promise.all(recorded.filter(isWaitingForRun).map((run) => submitChild(core, run)));
  await sendDoorbells(
    core,
    recorded.flatMap((run) => {
      const atMs = wakeAtMs(run);
      return atMs === undefined || atMs > core.clock.nowMs() + core.knobs.lookAheadMs ? [] : runDoorbell(run, atMs);
    }),
  );
  return written;
}

/**
 * Writes down what a step runs for. A list may be there, of somebody who was killed before the step had its record, or of the
 * run that this one continues: the step runs for that one, although by now another might be made.
 */
async function withList(core: Core, { run, list }: NewStep): Promise<NewStep["run"]> {
  const part = stepOf(run.stamp);
  if (list === undefined || part === undefined || run.items === undefined) return run;
  const { length: total } = await core.runs.putItemList(workflowOf(run, part), part.step, list);
  return { ...run, items: { ...run.items, total } };
}

function isWaitingForRun(run: Run): boolean {
  return isCarried(run) && run.child !== undefined;
}

/** When a step has to be rung for: to be claimed, or to change by itself. */
function wakeAtMs(run: Run): number | undefined {
  if (run.status === "queued") return run.dueAtMs;
  return isCarried(run) ? run.wakeAtMs : undefined;
}

/** Of all that have not ended, but for those that wait for people without a limit: whoever decides goes on from there. */
function watchesOfSteps(core: Core, runs: readonly Run[]): readonly RunEntry[] {
  const { lookAheadMs, leadMs, settleAfterMs } = core.knobs;
  const nowMs = core.clock.nowMs();
  const soonMs = nowMs + lookAheadMs;
  const watched = runs.flatMap((run) => {
    const { namespace, job, stamp } = run;
    const isOther = isCarried(run) && followsOthers(run);
    const dueAtMs = isOther ? nowMs : wakeAtMs(run);
    return dueAtMs === undefined ? [] : [{ namespace, job, stamp, dueAtMs }];
  });
  const soon = watched.filter(({ dueAtMs }) => dueAtMs <= soonMs);
  const later = watched.filter(({ dueAtMs }) => dueAtMs > soonMs);
  return [
    ...watchesOf(soon, { nowMs, rungThroughMs: soonMs, visitAtMs: (_, last) => Math.max(nowMs, last) + settleAfterMs }),
    ...watchesOf(later, { nowMs, rungThroughMs: nowMs, visitAtMs: (first) => first - leadMs }),
  ];
}
