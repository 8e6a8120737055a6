import type { Cron } from "./cron.ts";
import { DAY_MS, nextLocalMatch } from "./cron-match.ts";
import { MAX_INSTANT_MS } from "./last-instant.ts";
import type { Zone, ZoneSegment } from "./zone.ts";

/**
 * A cron expression in a zone. With a fixed offset a local time is one instant; at a change of offset:
 *
 * - Clocks go forward and local times are missing. Fixed times: one slot at the first instant after the gap when any
 *   of them is missing (`gap: "next"`), or none (`"skip"`). Elapsed-time schedules: none.
 * - Clocks go back and local times repeat. Fixed times: a slot on the `first` pass, the `second`, or `both`.
 *   Elapsed-time schedules: both, whatever `repeat` says.
 */
export interface CronRule {
  readonly cron: Cron;
  readonly zone: Zone;
  readonly gap: "next" | "skip";
  readonly repeat: "first" | "second" | "both";
}

/** More than any two offsets of a zone differ, so that a local match this far off belongs to no neighbouring segment. */
const MARGIN_MS = 2 * DAY_MS;

/** The first slot after `afterMs`, epoch milliseconds; `undefined` when there is none until the end of 2100. */
export function nextCronSlot(rule: CronRule, afterMs: number): number | undefined {
  let fromMs = afterMs + 1;
  while (fromMs <= MAX_INSTANT_MS) {
    const segment = rule.zone.segmentAt(fromMs);
    if (fromMs === segment.fromMs && firesAfterGap(rule, segment)) return fromMs;
    const atMs = nextWithin(rule, segment, fromMs);
    if (atMs !== undefined) return atMs;
    const nextMs = nextSearchStart(rule, segment);
    if (nextMs === undefined) return undefined;
    fromMs = nextMs;
  }
  return undefined;
}

/** Whether a slot stands at the segment's start in place of local times that its gap left out. */
export function firesAfterGap(rule: CronRule, segment: ZoneSegment): boolean {
  if (rule.cron.followsElapsedTime || rule.gap === "skip" || segment.offsetMs <= segment.offsetBeforeMs) return false;
  const missingMs = nextLocalMatch(rule.cron, segment.fromMs + segment.offsetBeforeMs);
  return missingMs !== undefined && missingMs < segment.fromMs + segment.offsetMs;
}

function nextWithin(rule: CronRule, segment: ZoneSegment, fromMs: number): number | undefined {
  const repeat = rule.cron.followsElapsedTime ? "both" : rule.repeat;
  const leastMs = repeat === "first" ? segment.secondPassUntilMs : segment.fromMs;
  const endMs = repeat === "second" ? segment.firstPassFromMs : segment.toMs;
  const localMs = nextLocalMatch(rule.cron, Math.max(fromMs, leastMs) + segment.offsetMs);
  if (localMs === undefined) return undefined;
  return localMs - segment.offsetMs < endMs ? localMs - segment.offsetMs : undefined;
}

/**
 * Where to go on after a segment: at its end, or, when nothing matches for long, shortly before the next match, so that
 * rare schedules do not visit every change of offset in between. The look-back covers local times that repeat.
 */
function nextSearchStart(rule: CronRule, segment: ZoneSegment): number | undefined {
  const localMs = nextLocalMatch(rule.cron, segment.toMs + segment.offsetMs - MARGIN_MS);
  if (localMs === undefined) return undefined;
  return Math.max(segment.toMs, localMs - segment.offsetMs - MARGIN_MS);
}
