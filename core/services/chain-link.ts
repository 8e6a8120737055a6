import type { CompiledJob } from "../job/compile.ts";
import { type EndedRun, isEnded, type Run } from "../run/run.ts";
import type { Core } from "./core.ts";

/** Rows among which the last link is looked for at once: runs of other causes may stand between. */
const ROWS_PER_LOOK = 10;

/**
 * Whether an instant is the slot that follows in a chain, by the ledger alone. Any instant may be a slot of an `afterEnd`
 * schedule, so whoever names one in a message could make a second chain beside the first.
 */
export async function isNextLink(core: Core, job: CompiledJob, atMs: number): Promise<boolean> {
  const last = await newestLink(core, job, atMs);
  if (last !== undefined && !isEnded(last)) return false;
  const nextMs = last === undefined ? firstLinkMs(job) : nextLinkMs(last, job);
  if (job.schedule.at(nextMs)?.excludedBy === undefined) return nextMs === atMs;
  // Calendars have left some out: the gap that says so ends with the last of them.
  const gaps = await core.runs.gapsOver(job.version, { fromMs: nextMs, toMs: nextMs });
  return gaps.some(({ fromMs, toMs }) => fromMs === nextMs && toMs + delayMs(job) === atMs);
}

/** The slot with which a version's chain begins: the schedule's first, or one delay after the version took over a running chain. */
export function firstLinkMs(job: CompiledJob): number {
  const { sinceMs, scheduleSinceMs } = job.version;
  const [first] = job.schedule.after(scheduleSinceMs);
  if (first !== undefined && first.atMs > sinceMs) return first.atMs;
  return sinceMs + delayMs(job);
}

/** The slot that follows from the end of a run, unless a calendar leaves it out. */
export function nextLinkMs({ slotAtMs, endedAtMs }: EndedRun, job: CompiledJob): number {
  return Math.max(slotAtMs + 1, Math.ceil(endedAtMs) + (job.schedule.afterEndMs ?? 0));
}

/** From a slot that a calendar leaves out to the next one. */
export function delayMs({ schedule }: CompiledJob): number {
  return Math.max(1, schedule.afterEndMs ?? 0);
}

/** The run of the newest slot of a version's chain before an instant. */
export async function newestLink(core: Core, job: CompiledJob, beforeMs: number): Promise<Run | undefined> {
  const range = { fromMs: job.version.sinceMs, beforeMs };
  let after: string | undefined;
  do {
    const page = await core.runs.newest(job.version, { ...range, limit: ROWS_PER_LOOK, after });
    const link = page.runs.find(({ cause, version }) => cause === "slot" && version === job.version.version);
    if (link !== undefined) return link;
    after = page.next;
  } while (after !== undefined);
  return undefined;
}
