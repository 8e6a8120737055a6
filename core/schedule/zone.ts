/**
 * A stretch of time during which a zone keeps one offset from UTC. Neighbours may have the same offset.
 *
 * When clocks go back, the same local times are read twice: once in the first pass, before the change, and once in the
 * second, after it.
 */
export interface ZoneSegment {
  /** First instant, epoch milliseconds. */
  readonly fromMs: number;
  /** First instant after it. */
  readonly toMs: number;
  /** Local time minus UTC. */
  readonly offsetMs: number;
  /** Offset just before `fromMs`. When it is smaller than `offsetMs`, the local times in between do not exist. */
  readonly offsetBeforeMs: number;
  /** Instants of the segment below this one are a second pass; `fromMs` when there is none. */
  readonly secondPassUntilMs: number;
  /** Instants of the segment from this one on are a first pass; `toMs` when there is none. */
  readonly firstPassFromMs: number;
}

/** A time zone of the IANA database. */
export interface Zone {
  readonly name: string;
  segmentAt(atMs: number): ZoneSegment;
}

const DAY_MS = 86_400_000;
/** Offsets are sampled so often: the closest two changes of any zone from 1970 to 2100 are 7 days apart (2026c). */
const SAMPLE_MS = 3 * DAY_MS;
/** Segments are found for so long a window at once, when it is first asked for, and kept. */
const WINDOW_MS = 128 * SAMPLE_MS;

type OffsetAt = (atMs: number) => number;

const zones = new Map<string, Zone>();

/** The zone of a name, in any case; `undefined` when there is none. Offsets such as `+02:00` are not zones. */
export function findZone(name: string): Zone | undefined {
  const key = name.toLowerCase();
  const known = zones.get(key);
  if (known !== undefined) return known;
  const format = zoneFormat(name);
  if (format === undefined) return undefined;
  const zone = createZone(name, format);
  zones.set(key, zone);
  return zone;
}

function zoneFormat(name: string): Intl.DateTimeFormat | undefined {
  if (!/^[A-Za-z]/.test(name)) return undefined;
  try {
    return new Intl.DateTimeFormat("en-US", { timeZone: name, timeZoneName: "longOffset" });
  } catch {
    return undefined;
  }
}

function createZone(name: string, format: Intl.DateTimeFormat): Zone {
  const windows = new Map<number, readonly ZoneSegment[]>();
  const offsetAt: OffsetAt = (atMs) => parseOffset(format.format(atMs));
  return {
    name,
    segmentAt(atMs) {
      const index = Math.floor(atMs / WINDOW_MS);
      let segments = windows.get(index);
      if (segments === undefined) windows.set(index, (segments = findSegments(index * WINDOW_MS, offsetAt)));
      const segment = segments.find((candidate) => atMs < candidate.toMs);
      if (segment === undefined) throw new RangeError(`Cannot read the offset of ${name}: ${atMs} is not an instant`);
      return segment;
    },
  };
}

interface OffsetChange {
  readonly atMs: number;
  readonly beforeMs: number;
  readonly afterMs: number;
}

function findSegments(startMs: number, offsetAt: OffsetAt): ZoneSegment[] {
  const endMs = startMs + WINDOW_MS;
  // Changes shortly before and after the window count too: their passes may reach into it.
  const changes = findChanges(startMs - SAMPLE_MS, endMs + SAMPLE_MS, offsetAt);
  const inside = changes.map(({ atMs }) => atMs).filter((atMs) => atMs > startMs && atMs < endMs);
  const bounds = [startMs, ...inside, endMs];
  return bounds.slice(1).map((toMs, index) => {
    const fromMs = bounds[index] ?? startMs;
    const last = changes.findLast(({ atMs }) => atMs <= fromMs);
    const next = changes.find(({ atMs }) => atMs >= toMs);
    const offsetMs = last?.afterMs ?? next?.beforeMs ?? offsetAt(fromMs);
    return {
      fromMs,
      toMs,
      offsetMs,
      offsetBeforeMs: last?.atMs === fromMs ? last.beforeMs : offsetMs,
      secondPassUntilMs: Math.max(fromMs, last === undefined ? fromMs : last.atMs + last.beforeMs - last.afterMs),
      firstPassFromMs: Math.min(toMs, next === undefined ? toMs : next.atMs - (next.beforeMs - next.afterMs)),
    };
  });
}

function findChanges(startMs: number, endMs: number, offsetAt: OffsetAt): OffsetChange[] {
  const changes: OffsetChange[] = [];
  let beforeMs = offsetAt(startMs);
  for (let sampleMs = startMs; sampleMs < endMs; sampleMs += SAMPLE_MS) {
    const afterMs = offsetAt(sampleMs + SAMPLE_MS);
    if (afterMs === beforeMs) continue;
    changes.push({ atMs: firstChange(sampleMs, sampleMs + SAMPLE_MS, offsetAt), beforeMs, afterMs });
    beforeMs = afterMs;
  }
  return changes;
}

/** Bisects to the second at which the offset of `lowMs` ends; `highMs` has another one. */
function firstChange(lowMs: number, highMs: number, offsetAt: OffsetAt): number {
  const offsetMs = offsetAt(lowMs);
  let [low, high] = [lowMs, highMs];
  while (high - low > 1_000) {
    const middle = low + Math.floor((high - low) / 2_000) * 1_000;
    if (offsetAt(middle) === offsetMs) low = middle;
    else high = middle;
  }
  return high;
}

/** Reads the end of `3/8/2026, GMT-05:00`; seconds occur in old offsets, and UTC is a bare `GMT`. */
function parseOffset(text: string): number {
  const match = /GMT(?:([+-])(\d\d):(\d\d)(?::(\d\d))?)?$/.exec(text);
  if (match === null) throw new RangeError(`Cannot read the offset in "${text}"`);
  const [, sign, hours = "0", minutes = "0", seconds = "0"] = match;
  const offsetMs = (Number(hours) * 3_600 + Number(minutes) * 60 + Number(seconds)) * 1_000;
  return sign === "-" ? -offsetMs : offsetMs;
}
