import { nextLocalMatch } from "./cron-match.ts";
import { firesAfterGap, type CronRule } from "./cron-slots.ts";
import { localText, localTextWithOffset } from "./local-time.ts";
import type { ZoneSegment } from "./zone.ts";

/** Local times of a cron schedule that one change of the zone's offset left out or merged. */
export interface OffsetChange {
  /** Where it stands among the slots: the end of the gap, or the first instant of the pass that does not fire. */
  readonly atMs: number;
  /** The first local time concerned; without offset where it does not exist. */
  readonly local: string;
  readonly reason: "dst-gap" | "dst-repeat";
  readonly detail: string;
}

/** How a slot is touched by a change of offset. */
export function noteOf(rule: CronRule, atMs: number): OffsetChange["reason"] | undefined {
  const segment = rule.zone.segmentAt(atMs);
  if (atMs === segment.fromMs && firesAfterGap(rule, segment)) return "dst-gap";
  const isRepeated = atMs < segment.secondPassUntilMs || atMs >= segment.firstPassFromMs;
  return isRepeated ? "dst-repeat" : undefined;
}

/** What the zone's changes of offset after `afterMs` and until `untilMs` leave out of the schedule, in time order. */
export function findOffsetChanges(
  rule: CronRule,
  { afterMs, untilMs }: { readonly afterMs: number; readonly untilMs: number },
): OffsetChange[] {
  const changes: OffsetChange[] = [];
  let segment = rule.zone.segmentAt(afterMs);
  while (segment.toMs <= untilMs) {
    segment = rule.zone.segmentAt(segment.toMs);
    const change = segment.offsetMs > segment.offsetBeforeMs ? gapAt(rule, segment) : repeatAt(rule, segment);
    if (change !== undefined) changes.push(change);
  }
  return changes.filter(({ atMs }) => atMs > afterMs && atMs <= untilMs);
}

function gapAt(rule: CronRule, segment: ZoneSegment): OffsetChange | undefined {
  const endLocalMs = segment.fromMs + segment.offsetMs;
  const missing = matchesBetween(rule, segment.fromMs + segment.offsetBeforeMs, endLocalMs);
  if (missing === undefined) return undefined;
  const fires = firesAfterGap(rule, segment);
  const merged = missing.count + (nextLocalMatch(rule.cron, endLocalMs) === endLocalMs ? 1 : 0);
  // One missing time that fires after the gap is a slot with a note: nothing is left out.
  if (fires && merged === 1) return undefined;
  const what = `${describe(missing, ["does", "do"])} not exist: clocks go forward`;
  return {
    atMs: segment.fromMs,
    local: localText(missing.firstMs),
    reason: "dst-gap",
    detail: fires ? `${what}; one slot stands for all, at ${localText(endLocalMs)}` : what,
  };
}

function repeatAt(rule: CronRule, segment: ZoneSegment): OffsetChange | undefined {
  const repeatedMs = segment.offsetBeforeMs - segment.offsetMs;
  if (rule.cron.followsElapsedTime || rule.repeat === "both" || repeatedMs <= 0) return undefined;
  const fromLocalMs = segment.fromMs + segment.offsetMs;
  const repeated = matchesBetween(rule, fromLocalMs, fromLocalMs + repeatedMs);
  if (repeated === undefined) return undefined;
  const offsetMs = rule.repeat === "first" ? segment.offsetMs : segment.offsetBeforeMs;
  const atMs = repeated.firstMs - offsetMs;
  return {
    atMs,
    local: localTextWithOffset(atMs, offsetMs),
    reason: "dst-repeat",
    detail: `${describe(repeated, ["comes", "come"])} twice: clocks go back; the ${rule.repeat} pass fires`,
  };
}

interface Matches {
  readonly count: number;
  readonly firstMs: number;
  readonly lastMs: number;
}

/** At most a day's seconds are walked: no gap or repeat is longer than a day. */
function matchesBetween(rule: CronRule, fromLocalMs: number, endLocalMs: number): Matches | undefined {
  const firstMs = nextLocalMatch(rule.cron, fromLocalMs);
  if (firstMs === undefined || firstMs >= endLocalMs) return undefined;
  let matches: Matches = { count: 1, firstMs, lastMs: firstMs };
  let nextMs = nextLocalMatch(rule.cron, firstMs + 1);
  while (nextMs !== undefined && nextMs < endLocalMs) {
    matches = { count: matches.count + 1, firstMs, lastMs: nextMs };
    nextMs = nextLocalMatch(rule.cron, nextMs + 1);
  }
  return matches;
}

/** `verbs`: for one local time and for several. */
function describe({ count, firstMs, lastMs }: Matches, verbs: readonly [string, string]): string {
  if (count === 1) return `${localText(firstMs)} ${verbs[0]}`;
  return `${count} local times from ${localText(firstMs)} to ${localText(lastMs)} ${verbs[1]}`;
}
