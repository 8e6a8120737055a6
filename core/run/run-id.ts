/**
 * Names of runs.
 *
 * A run is known by its namespace, its job and its stamp. The stamp of a slot's run is the slot's instant, so whoever
 * computes the slot computes the same id; other runs add `-` and a suffix. Stamps sort as text in time order.
 *
 * A step of a workflow is known by the stamp of the workflow's run, `.` and the step's name; an item of a step by its number
 * in the list, from 0, after another `.`.
 *
 * Full id: `default.report@20260308T073000.000Z`, `default.report@20260308T073001.250Z-k3f9x2m1q0ab`,
 * `default.etl@20260308T030000.000Z.load`, `default.etl@20260308T030000.000Z.load.17`.
 */
export interface RunKey {
  readonly namespace: string;
  readonly job: string;
  readonly stamp: string;
}

const RUN_ID =
  /^([a-z0-9_-]{1,63})\.([a-z0-9._-]{1,128})@(\d{8}T\d{6}\.\d{3}Z(?:-[a-z0-9-]{1,64})?(?:\.[a-z0-9][a-z0-9_-]{0,39}(?:\.\d{1,5})?)?)$/;

export function formatRunId(key: RunKey): string {
  return `${key.namespace}.${key.job}@${key.stamp}`;
}

/** The key that a run id names, or `undefined` when the text is not a run id. */
export function parseRunId(text: string): RunKey | undefined {
  const match = RUN_ID.exec(text);
  if (match === null) return undefined;
  const [, namespace = "", job = "", stamp = ""] = match;
  return Number.isNaN(stampAtMs(stamp)) ? undefined : { namespace, job, stamp };
}

/** The stamp of an instant: `20260308T073000.000Z`, with `-suffix` when one is given. */
export function stampOf(atMs: number, suffix?: string): string {
  const iso = new Date(atMs).toISOString();
  const stamp = iso.slice(0, 4) + iso.slice(5, 7) + iso.slice(8, 13) + iso.slice(14, 16) + iso.slice(17);
  return suffix === undefined ? stamp : `${stamp}-${suffix}`;
}

/** The instant in a stamp, epoch milliseconds; NaN when it holds none. */
export function stampAtMs(stamp: string): number {
  const s = stamp;
  return Date.parse(`${s.slice(0, 4)}-${s.slice(4, 6)}-${s.slice(6, 11)}:${s.slice(11, 13)}:${s.slice(13, 20)}`);
}

/** Whether the stamp is a slot's own: one without suffix. */
export function isSlotStamp(stamp: string): boolean {
  return stamp.length === SLOT_STAMP_LENGTH;
}

/** A part of a workflow's run. */
export interface StepRef {
  /** Stamp of the workflow's run. */
  readonly of: string;
  readonly step: string;
  /** Number of the item, for a step that runs for each item of a list. */
  readonly item?: number;
}

/** What a stamp says of its run's place in a workflow; `undefined` for a run that is no step. */
export function stepOf(stamp: string): StepRef | undefined {
  const dot = stamp.indexOf(".", SLOT_STAMP_LENGTH);
  if (dot < 0) return undefined;
  const [step = "", item] = stamp.slice(dot + 1).split(".");
  return { of: stamp.slice(0, dot), step, ...(item === undefined ? {} : { item: Number(item) }) };
}

/** The stamp of a step's run, or of the run of one of its items. */
export function stepStamp({ of, step, item }: StepRef): string {
  return item === undefined ? `${of}.${step}` : `${of}.${step}.${item}`;
}

const SLOT_STAMP_LENGTH = "20260308T073000.000Z".length;
