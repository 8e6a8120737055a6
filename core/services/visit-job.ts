import type { CompiledJob } from "../job/compile.ts";
import { withGivenUp } from "../ledger/given-up.ts";
import { horizonAt, type Plan, planVisit } from "../ledger/plan.ts";
import type { DueEntry, JobEntry } from "../store/due-index.ts";
import { lateAfterMs } from "./close-slot.ts";
import type { Core } from "./core.ts";
import { UNCOMMITTED_MS } from "./patience.ts";
import { findReign } from "./reign.ts";
import { sendDoorbells } from "./send.ts";
import { settleSlots, type Settled, watchesOfOverrun } from "./settle-slots.ts";
import { slotDoorbell } from "./slot-run.ts";
import { visitAfterEnd } from "./visit-after-end.ts";

const UNCOMMITTED_RETRY_MS = 5_000;

/**
 * Visits one version of a job: writes down what will not fire, rings for what will, and makes sure of what was rung for
 * before. Doing it twice, at the same time or after a crash half-way, sends doorbells that find their run taken.
 *
 * @returns the entries that take the place of the visited one; none when the walk has ended
 */
export async function visitJob(core: Core, entry: JobEntry): Promise<readonly DueEntry[]> {
  const nowMs = core.clock.nowMs();
  const current = (await core.jobs.find(entry.namespace, entry.job))?.compiled;
  const awaitCommit = (): readonly DueEntry[] =>
    nowMs - entry.armedAtMs > UNCOMMITTED_MS ? [] : [{ ...entry, visitAtMs: nowMs + UNCOMMITTED_RETRY_MS }];
  if (current === undefined || current.version.version < entry.version) return awaitCommit();
  const job = await core.jobs.findVersion(entry.namespace, entry.job, entry.version);
  if (job === undefined || job.version.state === "deleted") return [];
  const reign = await findReign(core, job, current);
  if (job.version.state === "paused" && reign.resume === undefined) return awaitCommit();
  if (job.schedule.kind === "afterEnd") return visitAfterEnd(core, entry, { job, current, untilMs: reign.untilMs });

  // An entry that was armed for a change that never came may have been armed before the version that has its number.
  const { sinceMs } = job.version;
  const plan = planVisit(job, {
    nowMs,
    ...reign,
    cursorMs: Math.max(entry.cursorMs, sinceMs),
    horizonMs: horizonAt(nowMs, core.knobs),
    misfireAfterMs: core.knobs.misfireAfterMs,
  });
  await writeStretches(core, job, plan);
  await sendDoorbells(
    core,
    plan.dispatch.map((slot) => slotDoorbell(job, slot)),
  );
  core.metrics.count("slots_dispatched", {}, plan.dispatch.length);

  // What a calendar leaves out is no firing slot in any walk.
  const givesUp = plan.stretches.filter(({ reason }) => reason !== "calendar");
  const startableMs = Math.floor(nowMs - job.schedule.jitterMs - lateAfterMs(job, core.knobs.misfireAfterMs));
  const gaveUp = withGivenUp(entry.gaveUp ?? [], givesUp, Math.min(entry.settledMs, startableMs));
  const settled = await settleSlots(core, {
    job,
    current,
    reign,
    afterMs: Math.max(entry.settledMs, sinceMs),
    untilMs: Math.min(plan.cursorMs, reign.untilMs),
    looks: entry.looks,
    gaveUp,
  });
  const visitAtMs = nextVisitMs(core, job, plan, settled);
  if (visitAtMs === undefined) {
    const overrun = { afterMs: reign.untilMs, untilMs: entry.cursorMs };
    return [...settled.watches, ...(await watchesOfOverrun(core, job, overrun))];
  }
  return [
    ...settled.watches,
    {
      ...entry,
      // In a place of its own: what stands in the place of the visited entry by now may be another walk's.
      visitAtMs: Math.max(visitAtMs, entry.visitAtMs + 1),
      gaveUp,
      cursorMs: plan.cursorMs,
      settledMs: settled.settledMs,
      looks: settled.looks,
      armedAtMs: nowMs,
    },
  ];
}

/** The first entry of a version: from the instant it was committed. */
export function firstEntry(core: Core, job: CompiledJob): JobEntry | undefined {
  const { namespace, name, version, sinceMs } = job.version;
  if (job.version.state !== "active" || job.schedule.kind === "none") return undefined;
  let visitAtMs = sinceMs;
  if (job.schedule.kind !== "afterEnd") {
    const [first] = job.schedule.after(sinceMs);
    if (first === undefined) return undefined;
    visitAtMs = Math.max(sinceMs, first.dueAtMs - core.knobs.leadMs);
  }
  const armedAtMs = core.clock.nowMs();
  return {
    kind: "job",
    namespace,
    job: name,
    version,
    visitAtMs,
    cursorMs: sinceMs,
    settledMs: sinceMs,
    looks: 0,
    armedAtMs,
  };
}

async function writeStretches(core: Core, job: CompiledJob, plan: Plan): Promise<void> {
  const { namespace, name, version } = job.version;
  for (const stretch of plan.stretches) {
    await core.runs.putGap({ namespace, job: name, version, ...stretch });
  }
}

/**
 * When to come back: a lead before the next slot, and when the rows of the last slots are due. The second waits for the
 * first when they are close, so that a frequent job needs one move a window.
 */
function nextVisitMs(core: Core, job: CompiledJob, plan: Plan, settled: Settled): number | undefined {
  const { leadMs, settleAfterMs } = core.knobs;
  const slotVisitMs = plan.nextDueMs === undefined ? undefined : plan.nextDueMs - leadMs;
  if (settled.lookAgainMs !== undefined) return Math.min(settled.lookAgainMs, slotVisitMs ?? Infinity);
  if (settled.settledMs >= plan.cursorMs || settled.isComplete) return slotVisitMs;
  const settleVisitMs = plan.cursorMs + job.schedule.jitterMs + settleAfterMs;
  if (slotVisitMs === undefined) return settleVisitMs;
  return slotVisitMs <= settleVisitMs + settleAfterMs ? slotVisitMs : settleVisitMs;
}
