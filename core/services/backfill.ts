import { CarillonError } from "../errors.ts";
import type { CompiledJob } from "../job/compile.ts";
import type { Priority } from "../job/priority.ts";
import { stampOf } from "../run/run-id.ts";
import { type EndedRun, isEnded, type Run } from "../run/run.ts";
import type { Backfill } from "../store/backfill-store.ts";
import type { BackfillEntry, DueEntry } from "../store/due-index.ts";
import type { Core } from "./core.ts";
import { UNCOMMITTED_MS } from "./patience.ts";
import { expectJob } from "./pause-job.ts";
import { expectActive, type RunRequest, submitRuns } from "./submit-runs.ts";
import { expectTime } from "./time-range.ts";

export interface BackfillRequest {
  /** Slots in [fromMs, toMs). */
  readonly fromMs: number;
  readonly toMs: number;
  /** Default `oldestFirst`. */
  readonly order?: Backfill["order"];
  /** Runs at the same time, 1 to 1,000. Default 1. */
  readonly concurrency?: number;
  /** Default `none`: slots that have run before are left. */
  readonly reprocess?: Backfill["reprocess"];
  /** Default `bulk`: below live work. */
  readonly priority?: Priority;
  readonly by?: string;
}

export const MAX_BACKFILL_SLOTS = 10_000;
/** Runs submitted by one visit. */
const PAGE = 100;
/** Before the next look whether a page is still in the queue: doubled each time, up to a bound. */
const PAUSE_MS = 1_000;
const MAX_PAUSE_MS = 60_000;
const MAX_LOOKS = 6;

/** The slots that a backfill would run now, oldest first, and how many it would leave. */
export async function planBackfill(core: Core, job: CompiledJob, request: BackfillRequest) {
  const nowMs = core.clock.nowMs();
  if (request.toMs > nowMs) {
    const [to, now] = [request.toMs, nowMs].map((atMs) => new Date(atMs).toISOString());
    throw new CarillonError(
      "datetime-out-of-range",
      `Cannot backfill slots that are not due yet: \`to\` must not be after now, ${now}; got ${to}`,
      { pointer: "/to" },
    );
  }
  const slots = await slotsBetween(core, job, request);
  const rows = await slotRows(core, job, request);
  const wanted = slots.filter((atMs) => isWanted(rows.get(atMs), request.reprocess ?? "none"));
  return { slots: wanted, left: slots.length - wanted.length };
}

/**
 * Starts a backfill: the job's slots in a stretch of time are run, under the job as it is now, a page at a time.
 *
 * @throws {CarillonError} `window-empty`, `backfill-too-large`, `job-not-active`
 */
export async function startBackfill(
  core: Core,
  namespace: string,
  name: string,
  request: BackfillRequest,
): Promise<Backfill> {
  const job = expectActive(expectJob((await core.jobs.find(namespace, name))?.compiled, name));
  const nowMs = core.clock.nowMs();
  const { slots, left } = await planBackfill(core, job, request);
  const { fromMs, toMs, order = "oldestFirst", concurrency = 1, reprocess = "none", priority = "bulk", by } = request;
  const backfill: Backfill = {
    id: core.ids.short(),
    namespace,
    job: name,
    version: job.version.version,
    fromMs,
    toMs,
    order,
    concurrency,
    reprocess,
    priority,
    createdAtMs: nowMs,
    ...(by === undefined ? {} : { by }),
    state: "running",
    submitted: 0,
    total: slots.length + left,
  };
  await core.due.arm({
    kind: "backfill",
    namespace,
    job: name,
    backfill: backfill.id,
    visitAtMs: nowMs,
    armedAtMs: nowMs,
  });
  await core.backfills.put(backfill, "absent");
  return backfill;
}

/** Submits the next page of a backfill, unless the one before is still in the queue. */
export async function visitBackfill(core: Core, entry: BackfillEntry): Promise<readonly DueEntry[]> {
  const nowMs = core.clock.nowMs();
  const looks = entry.looks ?? 0;
  const pauseMs = Math.min(MAX_PAUSE_MS, PAUSE_MS * 2 ** looks);
  const again: readonly DueEntry[] = [{ ...entry, looks: Math.min(looks + 1, MAX_LOOKS), visitAtMs: nowMs + pauseMs }];
  const stored = await core.backfills.find(entry.namespace, entry.job, entry.backfill);
  if (stored === undefined) return nowMs - entry.armedAtMs > UNCOMMITTED_MS ? [] : again;
  const { backfill, rev } = stored;
  const job = (await core.jobs.find(entry.namespace, entry.job))?.compiled;
  if (backfill.state !== "running") return [];
  if (job === undefined || job.version.state === "deleted") {
    await core.backfills.put({ ...backfill, state: "cancelled" }, rev);
    return [];
  }
  if (job.version.state === "paused") return again;

  // All slots each time, and the position counts them all: what has run meanwhile must not shift the pages.
  // For the same reason they are those of the version that the backfill was started with.
  const planned = (await core.jobs.findVersion(entry.namespace, entry.job, backfill.version)) ?? job;
  const slots = await slotsBetween(core, planned, backfill);
  if (backfill.order === "newestFirst") slots.reverse();
  const former = slots.slice(Math.max(0, backfill.submitted - PAGE), backfill.submitted);
  if ((await countOpen(core, backfill, former)) > PAGE / 2) return again;
  const page = slots.slice(backfill.submitted, backfill.submitted + PAGE);
  const rows = await slotRows(core, job, backfill);
  await submitRuns(
    core,
    job,
    page.filter((atMs) => isWanted(rows.get(atMs), backfill.reprocess)).map((atMs) => request(backfill, atMs, nowMs)),
  );
  const submitted = backfill.submitted + page.length;
  const isDone = submitted >= slots.length;
  await core.backfills.put({ ...backfill, submitted, state: isDone ? "done" : "running" }, rev);
  return isDone ? [] : [{ ...entry, looks: 0, visitAtMs: nowMs }];
}

/** Submits no more runs of a backfill; those in the queue stay. Idempotent. */
export async function cancelBackfill(core: Core, namespace: string, job: string, id: string): Promise<Backfill> {
  for (;;) {
    const stored = await core.backfills.find(namespace, job, id);
    if (stored === undefined) throw new CarillonError("not-found", `Cannot find backfill "${id}" of job "${job}"`);
    if (stored.backfill.state !== "running") return stored.backfill;
    const cancelled: Backfill = { ...stored.backfill, state: "cancelled" };
    if (await core.backfills.put(cancelled, stored.rev)) return cancelled;
  }
}

function request(backfill: Backfill, atMs: number, nowMs: number): RunRequest {
  const { id, concurrency, priority, by } = backfill;
  return {
    slotAtMs: atMs,
    suffix: id,
    dueAtMs: Math.floor(nowMs),
    priority,
    cause: "backfill",
    origin: { backfill: id, backfillConcurrency: concurrency, ...(by === undefined ? {} : { by }) },
  };
}

/** The firing slots of a job's schedule in [fromMs, toMs), also those before the job was defined. */
async function slotsBetween(
  core: Core,
  job: CompiledJob,
  { fromMs, toMs }: { fromMs: number; toMs: number },
): Promise<number[]> {
  expectTime({ fromMs, toMs }, "Cannot backfill");
  const { schedule } = await core.jobs.compile({ ...job.version, scheduleSinceMs: fromMs - 1 });
  const slots: number[] = [];
  for (const slot of schedule.firing(fromMs - 1)) {
    if (slot.atMs >= toMs) break;
    if (slots.length === MAX_BACKFILL_SLOTS) {
      throw new CarillonError(
        "backfill-too-large",
        `Cannot backfill more than ${MAX_BACKFILL_SLOTS} slots at once: split the stretch, such as at ${new Date(slot.atMs).toISOString()}`,
        { pointer: "/to" },
      );
    }
    slots.push(slot.atMs);
  }
  return slots;
}

/** The youngest run of each slot, whatever caused it; runs of this backfill's own pages included. */
async function slotRows(
  core: Core,
  job: CompiledJob,
  { fromMs, toMs }: { fromMs: number; toMs: number },
): Promise<ReadonlyMap<number, Run>> {
  const rows = new Map<number, Run>();
  for await (const row of core.runs.rows(job.version, { fromMs, beforeMs: toMs })) {
    if (!("run" in row) || row.run.cause === "manual") continue;
    const known = rows.get(row.run.slotAtMs);
    if (known === undefined || known.createdAtMs <= row.run.createdAtMs) rows.set(row.run.slotAtMs, row.run);
  }
  return rows;
}

function isWanted(row: Run | undefined, reprocess: Backfill["reprocess"]): boolean {
  if (row === undefined || reprocess === "all") return true;
  if (!isEnded(row)) return false;
  return reprocess === "failed" ? row.status !== "succeeded" : !hasRun(row);
}

function hasRun(row: EndedRun): boolean {
  return row.attempt > 0;
}

async function countOpen(core: Core, backfill: Backfill, slots: readonly number[]): Promise<number> {
  const { namespace, job, id } = backfill;
  const runs = await core.runs.findMany(slots.map((atMs) => ({ namespace, job, stamp: stampOf(atMs, id) })));
  return runs.filter(({ run }) => !isEnded(run)).length;
}
