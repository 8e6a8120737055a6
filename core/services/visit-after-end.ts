import type { CompiledJob } from "../job/compile.ts";
import { horizonAt } from "../ledger/plan.ts";
import { isEnded, type Run, unreachable } from "../run/run.ts";
import { MAX_INSTANT_MS } from "../schedule/last-instant.ts";
import type { DueEntry, JobEntry } from "../store/due-index.ts";
import { delayMs, firstLinkMs, isNextLink, newestLink, nextLinkMs } from "./chain-link.ts";
import { closeSlot, endOfSlot } from "./close-slot.ts";
import type { Core } from "./core.ts";
import { meetAtMs } from "./meet.ts";
import { patienceMs } from "./patience.ts";
import { sendDoorbells } from "./send.ts";
import { slotDoorbell } from "./slot-run.ts";
import { watchOf } from "./watch.ts";

/**
 * Visits a job whose next slot follows from the end of its last run. The chain lives in the ledger: the run of a slot
 * tells its end, the end tells the next slot; so two visits, or a visit after a crash, come to the same slot. A visit that
 * comes late goes to the last link of the chain, and rings for that one alone.
 *
 * `settledMs` of the entry is below `cursorMs` while the run of that slot has neither a final row nor a watch, and above it
 * when a calendar has left out slots since that run ended: it is the last of them then.
 */
export async function visitAfterEnd(
  core: Core,
  entry: JobEntry,
  { job, current, untilMs }: { job: CompiledJob; current: CompiledJob; untilMs: number },
): Promise<readonly DueEntry[]> {
  if (job.version.state !== "active") return [];
  const link = await lastLink(core, entry, job);
  switch (link.kind) {
    case "open":
      return awaitEnd(core, entry, link);
    case "missing":
      // What a version rang for beyond its time is not its slot; the next version has a chain of its own.
      return link.cursorMs > untilMs ? [] : ringAgain(core, entry, { job, current });
    case "ended":
      return ringForNext(core, entry, { job, link, untilMs });
    default:
      return unreachable(link);
  }
}

/** The end of the run brings a visit of its own; this one is for the case that it is lost. The run gets a watch, once. */
function awaitEnd(core: Core, entry: JobEntry, { run, cursorMs }: OpenLink): readonly DueEntry[] {
  const nowMs = core.clock.nowMs();
  const visitAtMs = nowMs + core.knobs.settleAfterMs;
  const isWatched = entry.cursorMs === cursorMs && entry.settledMs >= cursorMs;
  return [
    ...(isWatched ? [] : [watchOf(run, visitAtMs, nowMs)]),
    ...again(core, { ...entry, cursorMs, settledMs: cursorMs, looks: 0 }, visitAtMs),
  ];
}

/** The slot was rung for and has no row: its message is lost, or waits, or it can't fire any more. */
async function ringAgain(
  core: Core,
  entry: JobEntry,
  { job, current }: { job: CompiledJob; current: CompiledJob },
): Promise<readonly DueEntry[]> {
  const { settleAfterMs } = core.knobs;
  const nowMs = core.clock.nowMs();
  const slot = { atMs: entry.cursorMs, dueAtMs: entry.cursorMs + job.schedule.jitterMs };
  if (nowMs < slot.dueAtMs + settleAfterMs) return again(core, entry, slot.dueAtMs + settleAfterMs);
  const end = endOfSlot(slot, { job, current, nowMs, misfireAfterMs: core.knobs.misfireAfterMs });
  if (end !== undefined) {
    await closeSlot(core, slot, { job, end });
    return again(core, entry, nowMs);
  }
  if (current.version.state !== "active") return again(core, entry, nowMs + settleAfterMs);
  await ring(core, job, slot.atMs);
  const restMs = patienceMs(core.knobs, entry.looks);
  return again(core, { ...entry, looks: entry.looks + 1 }, nowMs + restMs);
}

/** Rings for the slot that follows, when it is near; writes down those that a calendar leaves out before it. */
async function ringForNext(
  core: Core,
  entry: JobEntry,
  { job, link, untilMs }: { job: CompiledJob; link: EndedLink; untilMs: number },
): Promise<readonly DueEntry[]> {
  const horizonMs = horizonAt(core.clock.nowMs(), core.knobs);
  const isPartWay = entry.cursorMs === link.cursorMs && entry.settledMs > link.cursorMs;
  let settledMs = isPartWay ? entry.settledMs : link.cursorMs;
  let excludedBy: string | undefined;
  let slot = job.schedule.at(isPartWay ? settledMs + delayMs(job) : link.nextMs);
  while (slot?.excludedBy !== undefined && slot.atMs <= untilMs && slot.dueAtMs <= horizonMs) {
    ({ atMs: settledMs, excludedBy } = slot);
    slot = job.schedule.at(settledMs + delayMs(job));
  }
  if (excludedBy !== undefined) {
    const { namespace, name, version } = job.version;
    const gap = { fromMs: link.nextMs, toMs: settledMs, reason: "calendar", detail: excludedBy } as const;
    await core.runs.putGap({ namespace, job: name, version, ...gap });
  }
  if (slot === undefined || slot.atMs > untilMs) return [];
  const next = { ...entry, cursorMs: link.cursorMs, settledMs, looks: 0 };
  if (slot.dueAtMs > horizonMs) return again(core, next, slot.dueAtMs - core.knobs.leadMs);
  if (await hasReachedMaxRuns(core, job)) return [];
  const visitAtMs = slot.dueAtMs + core.knobs.settleAfterMs;
  const rung = { ...next, cursorMs: slot.atMs, settledMs: slot.atMs - 1, visitAtMs, armedAtMs: core.clock.nowMs() };
  // Where another walk has rung for it and goes on, this one ends: a duplicate that rang too would breed duplicates.
  if (await core.due.holds(rung)) return [];
  await ring(core, job, slot.atMs);
  return [rung];
}

function again(core: Core, entry: JobEntry, visitAtMs: number): readonly DueEntry[] {
  const nowMs = core.clock.nowMs();
  return [{ ...entry, visitAtMs: visitAtMs <= nowMs ? visitAtMs : meetAtMs(visitAtMs), armedAtMs: nowMs }];
}

/** Where a chain stands: at a slot whose run has not ended or that has no row, or behind one whose end tells the next. */
type Link = OpenLink | EndedLink | { readonly kind: "missing"; readonly cursorMs: number };

interface OpenLink {
  readonly kind: "open";
  readonly cursorMs: number;
  readonly run: Run;
}

interface EndedLink {
  readonly kind: "ended";
  readonly cursorMs: number;
  readonly nextMs: number;
}

/**
 * The ledger tells where the chain stands: its newest slot is its last link, however far an entry that was left behind is from
 * it. An entry may also name an instant that is no slot: it was armed for a change of the job that another one forestalled.
 */
async function lastLink(core: Core, { cursorMs }: JobEntry, job: CompiledJob): Promise<Link> {
  const newest = await newestLink(core, job, MAX_INSTANT_MS);
  if (newest === undefined || newest.slotAtMs < cursorMs) {
    const isRung = cursorMs >= firstLinkMs(job) && (await isNextLink(core, job, cursorMs));
    if (isRung) return { kind: "missing", cursorMs };
  }
  if (newest === undefined) return { kind: "ended", cursorMs: job.version.sinceMs, nextMs: firstLinkMs(job) };
  if (!isEnded(newest)) return { kind: "open", cursorMs: newest.slotAtMs, run: newest };
  return { kind: "ended", cursorMs: newest.slotAtMs, nextMs: nextLinkMs(newest, job) };
}

/** `maxRuns` of an `afterEnd` schedule: counted in the ledger, from the version that brought the schedule. */
async function hasReachedMaxRuns(core: Core, job: CompiledJob): Promise<boolean> {
  const { definition, scheduleSinceMs } = job.version;
  const maxRuns = definition.schedule?.maxRuns;
  if (maxRuns === undefined) return false;
  let count = 0;
  for await (const row of core.runs.rows(job.version, { fromMs: scheduleSinceMs, beforeMs: MAX_INSTANT_MS })) {
    if ("run" in row && row.run.cause === "slot") count += 1;
    if (count >= maxRuns) return true;
  }
  return false;
}

async function ring(core: Core, job: CompiledJob, atMs: number): Promise<void> {
  await sendDoorbells(core, [slotDoorbell(job, { atMs, dueAtMs: atMs + job.schedule.jitterMs })]);
}
