import type { JobDefinition } from "../../../core/job/definition.ts";
import type { KeyedDraws } from "../kernel/keyed-draws.ts";
import type { Bias } from "./profiles.ts";
import type { Temper } from "./user-code.ts";
import { drawWorkflowJob } from "./workflow-shapes.ts";

/** Where a definition is drawn for. */
export interface ShapeContext {
  readonly name: string;
  /** True time, epoch milliseconds. */
  readonly nowMs: number;
  /** How long the hostile part of the history goes on from here. */
  readonly leftMs: number;
  readonly zone: string;
  readonly calendars: readonly string[];
  readonly bias: Bias | undefined;
  /** It has slots from the beginning, again and again. */
  readonly isSteady: boolean;
  /** Nothing of the job makes its runs wait. */
  readonly isFree: boolean;
}

const LINES = ["skip", "queueOne", "queueAll"] as const;
const OVERLAPS = ["allow", "skip", "queueOne", "queueAll", "cancelPrevious", "terminatePrevious"] as const;

/** Definitions that are legal and likely to be interesting: frequent, overlapping, failing, limited. */
export function drawDefinition(draws: KeyedDraws, context: ShapeContext): JobDefinition {
  const { name, isFree, bias } = context;
  const overlaps = bias === "lines" ? LINES : bias === "bursts" ? (["allow"] as const) : OVERLAPS;
  const is = (share: number, what: string): boolean => draws.isIn(share, what);
  const schedule = drawSchedule(draws, context);
  // The first job is plain: it is what steps run that run another job.
  const isWorkflow = bias === "workflows" && name !== "job-1" && is(0.8, "is a workflow");
  if (isWorkflow) return drawWorkflowJob(draws, { name, schedule, overlap: draws.pick(overlaps, "overlap") });
  const executor: JobDefinition["executor"] = { type: "command", argv: ["true"] };
  return {
    name,
    executor,
    ...(schedule === undefined ? {} : { schedule }),
    overlap: isFree ? "allow" : draws.pick(overlaps, "overlap"),
    ...(is(bias === "lines" ? 1 : 0.6, "has retry")
      ? {
          retry: {
            maxAttempts: draws.between(2, 5, "attempts"),
            backoff: {
              initial: `${draws.between(0, 10, "backoff")}s`,
              max: "30s",
              jitter: draws.pick(["full", "none"] as const, "backoff jitter"),
            },
          },
        }
      : {}),
    timeouts: {
      run: `${draws.between(5, 60, "run time-out")}s`,
      grace: `${draws.between(0, 5, "grace")}s`,
      ...(is(0.15, "has queue time-out") ? { queue: `${draws.between(20, 120, "queue time-out")}s` } : {}),
    },
    ...(is(0.5, "has misfire")
      ? {
          misfire: {
            policy: draws.pick(["last", "all", "none"] as const, "misfire"),
            limit: draws.between(1, 20, "misfire limit"),
            ...(is(0.3, "has lateness") ? { maxLateness: `${draws.between(1, 20, "lateness")}m` } : {}),
          },
        }
      : {}),
    ...(!isFree && is(bias === "lines" ? 0.9 : 0.3, "has limit") ? { concurrency: [drawLimit(draws)] } : {}),
    ...(is(0.1, "pauses itself") ? { pauseAfterFailures: draws.between(2, 5, "failures") } : {}),
    ...(is(0.3, "has priority")
      ? { priority: draws.pick(["high", "normal", "low", "bulk"] as const, "priority") }
      : {}),
  };
}

function drawLimit(draws: KeyedDraws): NonNullable<JobDefinition["concurrency"]>[number] {
  // Keys of a namespace are shared by jobs; whatever their limits are, each run keeps to that of its own job.
  return draws.isIn(0.5, "shared limit")
    ? { key: "shared", scope: "namespace", limit: draws.pick([2, 2, 3, 4], "shared at most"), ...drawWeight(draws) }
    : { limit: draws.between(1, 4, "limit"), ...drawWeight(draws) };
}

/** Most runs are of weight 1, said or not; some fill a limit, and some are heavier than all of it. */
function drawWeight(draws: KeyedDraws): { weight?: number } {
  return draws.isIn(0.3, "has no weight") ? {} : { weight: draws.pick([1, 1, 1, 2, 2, 3, 5], "weight") };
}

function drawSchedule(
  draws: KeyedDraws,
  { nowMs, leftMs, zone, calendars, isSteady, bias }: ShapeContext,
): JobDefinition["schedule"] {
  const bounds = {
    ...(!isSteady && draws.isIn(0.15, "has start")
      ? { startAt: isoAt(nowMs + draws.between(0, 300, "start") * 1_000) }
      : {}),
    ...(draws.isIn(0.15, "has end") ? { endAt: isoAt(nowMs + 320_000 + draws.draw("end") * leftMs) } : {}),
    ...(draws.isIn(0.15, "has most") ? { maxRuns: draws.between(1, 40, "most") } : {}),
    ...(draws.isIn(0.2, "has jitter") ? { jitter: `${draws.between(1, 20, "jitter")}s` } : {}),
    ...(!isSteady && calendars.length > 0 && draws.isIn(0.3, "has calendar")
      ? { calendars: [draws.pick(calendars, "calendar")], timezone: zone }
      : {}),
  };
  if (bias === "bursts" && draws.isIn(0.7, "is a burst"))
    return { every: `${draws.between(1, 3, "every")}s`, ...bounds };
  const kind = bias === "chains" ? CHAIN : isSteady ? STEADY : draws.draw("kind");
  const isLong = zone !== "UTC";
  if (kind < 0.4)
    return { every: `${isLong ? draws.between(60, 600, "every") : draws.between(3, 90, "every")}s`, ...bounds };
  if (kind < 0.75) {
    const cron = draws.pick(isLong ? NIGHT_CRONS : CRONS, "cron");
    return { cron, timezone: zone, ...bounds };
  }
  if (kind < 0.85) return { afterEnd: `${draws.between(1, 60, "after end")}s` };
  if (kind < 0.95) {
    const dates = new Set<string>();
    for (let i = 0; i < draws.between(1, 12, "dates"); i += 1)
      dates.add(isoAt(nowMs + 20_000 + Math.floor(draws.draw(`date ${i}`) * leftMs)));
    return { dates: [...dates] };
  }
  return undefined;
}

/** Draws that stand for a kind of schedule. */
const STEADY = 0;
const CHAIN = 0.8;

const CRONS = [
  "*/5 * * * * *",
  "*/10 * * * * *",
  "7,22,37,52 * * * * *",
  "0,30 * * * * *",
  "* * * * *",
  "*/2 * * * *",
  "1-59/3 * * * *",
  "0,1,2,30,31 * * * *",
];

/** For long histories: fixed times in the hours in which clocks change, and schedules that follow elapsed time. */
const NIGHT_CRONS = [
  "*/5 * * * *",
  "20,50 * * * *",
  "30 2 * * *",
  "0,20,40 2 * * *",
  "15 1 * * *",
  "45 1,2,3 * * *",
  "0 3 * * *",
  "5,10,50 1-2 * * *",
];

function isoAt(ms: number): string {
  return new Date(ms).toISOString();
}

/** How the attempts of a job behave; most are quick and well. */
export function drawTemper(draws: KeyedDraws): Temper {
  const longestMs = draws.pick([500, 2_000, 10_000, 45_000], "longest");
  return {
    shortestMs: draws.pick([1, 20, 200], "shortest"),
    longestMs,
    failing: draws.pick([0, 0, 0.1, 0.5], "failing"),
    fatal: draws.pick([0, 0, 0.05], "fatal"),
    hanging: draws.pick([0, 0, 0, 0.05], "hanging"),
    stubborn: draws.pick([0, 0, 0.5], "stubborn"),
  };
}
