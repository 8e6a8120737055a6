import { lastTick, takeTickLease, type TickLease } from "../lease/tick-lease.ts";
import type { DueEntry } from "../store/due-index.ts";
import { type Pace, STEADY_PERIOD_MS } from "../ports/timer.ts";
import type { Core } from "./core.ts";
import type { Pacer } from "./pace.ts";
import type { PoolSizer } from "./pool-sizer.ts";
import { FAILED_RETRY_MS, visitShard } from "./visit.ts";

/** A part of the shards that one tick visits; several groups tick side by side. */
export interface TickGroup {
  /** From 0. */
  readonly index: number;
  readonly count: number;
}

export const WHOLE: TickGroup = { index: 0, count: 1 };

export interface TickOptions {
  /** The instant that this tick was scheduled for, by the service that schedules them all. */
  readonly scheduledAtMs: number;
  /** Epoch milliseconds: no round is begun after this instant; what is left is for the next tick. */
  readonly deadlineMs: number;
  readonly group?: TickGroup;
  /** Where workers have to be woken. */
  readonly sizer?: PoolSizer;
  /** Whether this tick may change the pace. Not where shards are ticked in groups: none sees all that is due. @default true */
  readonly isPaced?: boolean;
  /** Where the platform can be paused, and the pace of ticks be changed. */
  readonly pacer?: Pacer;
  /** Told of each visit that failed; it is tried again later. */
  readonly onError: (error: unknown) => void;
}

export type TickReport =
  /** Another tick was woken for the same instant, or a later one. */
  | { readonly kind: "superseded" }
  /** The platform has been stopped by its operator. */
  | { readonly kind: "stopped" }
  | {
      readonly kind: "done";
      readonly visited: number;
      readonly failed: number;
      /** How late the most overdue entry was visited, beyond the lead that visits have; 0 in good order. */
      readonly lagMs: number;
      /** Entries that are due were left for the next tick. */
      readonly isCut: boolean;
      /** The soonest visit to come, epoch milliseconds; `undefined` when nothing is watched at all. */
      readonly nextVisitMs: number | undefined;
      /** How often ticks come from now on. */
      readonly pace: Pace;
    };

/** More time between two ticks than a steady timer leaves. */
const RARE_PERIODS = 3;
/** A backfill hands out its next page so soon that waiting for it within the tick is worth it. */
const WORTH_WAITING_MS = 2_000;
/** How often a tick waits for visits that have failed. */
const MAX_RETRIES = 3;

/**
 * One round of the scheduler where none runs all the time: visits everything that is due in the shards of a group, looking
 * ahead far enough for the next tick to be late. May be called twice with the same event, at any time, or killed at any
 * point: what was done is found done.
 *
 * @throws {AggregateError} when a shard could not be looked at or a pool not be woken; all else has been done
 */
export async function tick(core: Core, options: TickOptions): Promise<TickReport> {
  const { scheduledAtMs, group = WHOLE, sizer, pacer, isPaced = true } = options;
  const { clock, knobs, metrics, table } = core;
  const wholePacer = isPaced && group.count === 1 ? pacer : undefined;
  if ((await pacer?.isStopped()) === true) return { kind: "stopped" };
  const lease = await takeTickLease(table, group.index, { scheduledAtMs, nowMs: clock.nowMs() });
  if (lease === undefined) return { kind: "superseded" };

  const shards = Array.from({ length: knobs.shards }, (_, shard) => shard).filter(
    (shard) => shard % group.count === group.index,
  );
  const noting: Core = sizer === undefined ? core : { ...core, onRung: (rung) => Promise.resolve(sizer.note(rung)) };
  const outcomes = await Promise.allSettled(shards.map((shard) => walkShard(noting, shard, options)));
  // Whatever became of a shard: what was rung for in the others needs its workers.
  const growth = await Promise.allSettled([sizer?.grow()]);
  const errors = [...outcomes, ...growth].flatMap((one) => (one.status === "rejected" ? [one.reason as unknown] : []));
  const walks = outcomes.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));

  const visited = sum(walks.map((walk) => walk.visited));
  const lagMs = Math.max(0, ...walks.map((walk) => walk.lagMs));
  if (visited > 0) {
    metrics.count("entries_visited", {}, visited);
    metrics.observe("scheduler_lag_ms", lagMs);
  }
  // Of a shard that could not be looked at nothing is known, so the pace stays as it is.
  if (errors.length > 0) throw new AggregateError(errors, `Cannot end the tick: ${errors.map(String).join("; ")}`);
  const nextVisitMs = soonest(walks.map((walk) => walk.nextVisitMs));
  const pace = await wholePacer?.settle(nextVisitMs, {
    look: async () => soonest(await Promise.all(shards.map(async (shard) => (await core.due.next(shard))?.visitAtMs))),
    isAwake: () => sizer?.isAwake() ?? Promise.resolve(false),
    isRare: lease.scheduledAtMs - (lease.previousAtMs ?? lease.scheduledAtMs) > RARE_PERIODS * STEADY_PERIOD_MS,
  });
  return {
    kind: "done",
    visited,
    failed: sum(walks.map((walk) => walk.failed)),
    lagMs,
    isCut: walks.some((walk) => walk.isCut),
    nextVisitMs,
    pace: pace ?? "steady",
  };
}

/** The group whose last tick began longest ago, that tick; `undefined` when there is a group that never had one. */
export async function oldestTick(core: Core, groups: number): Promise<TickLease | undefined> {
  let oldest: TickLease | undefined;
  for (let index = 0; index < groups; index += 1) {
    const last = await lastTick(core.table, index);
    if (last === undefined) return undefined;
    if (oldest === undefined || last.startedAtMs < oldest.startedAtMs) oldest = last;
  }
  return oldest;
}

interface Walk {
  readonly visited: number;
  readonly failed: number;
  readonly lagMs: number;
  readonly isCut: boolean;
  readonly nextVisitMs: number | undefined;
}

/** Visits one shard until nothing in it is due, or the time is over. */
async function walkShard(
  core: Core,
  shard: number,
  { deadlineMs, onError }: Pick<TickOptions, "deadlineMs" | "onError">,
): Promise<Walk> {
  const { clock, due, knobs } = core;
  const walk = { visited: 0, failed: 0, lagMs: 0 };
  let retries = 0;
  for (;;) {
    const next = await due.next(shard);
    const nowMs = clock.nowMs();
    if (next === undefined) return { ...walk, isCut: false, nextVisitMs: undefined };
    const inMs = next.visitAtMs - nowMs;
    const isRetry = inMs > 0 && inMs <= FAILED_RETRY_MS && retries < Math.min(walk.failed, MAX_RETRIES);
    if (inMs > 0 && nowMs + inMs < deadlineMs && (isRetry || isNextPage(next, inMs))) {
      if (isRetry) retries += 1;
      await clock.sleep(inMs);
    } else if (inMs > 0 || nowMs >= deadlineMs) {
      return { ...walk, isCut: inMs <= 0, nextVisitMs: next.visitAtMs };
    } else {
      const { visited, failures } = await visitShard(core, shard);
      failures.forEach(onError);
      walk.visited += visited;
      walk.failed += failures.length;
      walk.lagMs = Math.max(walk.lagMs, -inMs - knobs.leadMs);
    }
  }
}

function isNextPage(next: DueEntry, inMs: number): boolean {
  return next.kind === "backfill" && inMs <= WORTH_WAITING_MS;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function soonest(instants: readonly (number | undefined)[]): number | undefined {
  const least = Math.min(...instants.map((atMs) => atMs ?? Infinity));
  return Number.isFinite(least) ? least : undefined;
}
