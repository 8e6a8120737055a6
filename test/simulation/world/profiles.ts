import { AWS_KNOBS, EMBEDDED_KNOBS, type Knobs } from "../../../core/knobs.ts";
import type { CallFault } from "../faults/call-faults.ts";
import type { KeyedDraws } from "../kernel/keyed-draws.ts";
import type { Blow } from "./nemesis.ts";

/** A kind of history. */
export interface Profile {
  readonly body: "embedded" | "cloud";
  /** How long harm is done, milliseconds of virtual time. */
  readonly hostileMs: number;
  readonly jobs: { readonly least: number; readonly most: number };
  readonly deeds: number;
  /** Classes of faults that may befall calls. @default all */
  readonly classes?: readonly CallFault[];
  readonly blows: Readonly<Partial<Record<Blow, number>>>;
  /** True wall time at the beginning, and the zone of cron schedules. @default a Monday in January, in UTC */
  readonly begins?: readonly { readonly at: string; readonly zone: string }[];
  /** All classes and blows, in place of about half of them. */
  readonly isWhole?: boolean;
  /** Every run has to start on time, whatever befalls. */
  readonly isPrecise?: boolean;
  /** What clients do above all. */
  readonly bias?: Bias;
  /** Some processes are of the next version: they write fields that this one does not know. */
  readonly isMixed?: boolean;
}

/**
 * - `chains`: jobs whose slots follow from the ends of their runs.
 * - `lines`: jobs that wait for each other, fail and are tried again.
 * - `definitions`: jobs that are defined again and again.
 * - `bursts`: jobs that are due every second or so.
 * - `workflows`: jobs whose runs have steps.
 */
export type Bias = "chains" | "lines" | "definitions" | "bursts" | "workflows";

export type ProfileName = keyof typeof PROFILES;

const MINUTE_MS = 60_000;
const MONDAY = { at: "2026-01-05T10:00:00Z", zone: "UTC" };

const STANDARD: Profile = {
  body: "embedded",
  hostileMs: 15 * MINUTE_MS,
  jobs: { least: 3, most: 7 },
  deeds: 40,
  blows: {
    kill: 4,
    freeze: 3,
    drain: 2,
    schedulersDown: 1,
    workersDown: 1,
    outage: 3,
    cutOff: 3,
    purge: 1,
    poison: 6,
    replay: 2,
  },
};

/** Histories by what they are hard on. */
export const PROFILES = {
  standard: STANDARD,
  /** On AWS: ticks from outside, workers that are started and stopped, whole seconds of delay, slow hearts. */
  cloud: {
    ...STANDARD,
    body: "cloud",
    hostileMs: 40 * MINUTE_MS,
    blows: { ...STANDARD.blows, clockStep: 2 },
  },
  /** Everything dead or away for long: what was missed, and how it is caught up on. */
  outage: {
    ...STANDARD,
    hostileMs: 60 * MINUTE_MS,
    blows: { schedulersDown: 3, workersDown: 2, allDown: 2, longOutage: 2, kill: 3 },
    classes: ["unavailable", "unknownDone", "dieAfter", "dieBefore"],
  },
  /** A queue that loses nearly everything. */
  deaf: {
    ...STANDARD,
    classes: ["lost", "blind", "late", "ignored", "dieAfter"],
    blows: { purge: 6, kill: 3, freeze: 2 },
    isWhole: true,
  },
  /** Nothing dies and nothing is lost: then everything is on time. */
  mild: {
    ...STANDARD,
    hostileMs: 10 * MINUTE_MS,
    deeds: 10,
    classes: ["unknownDone", "unknownLost", "declined", "shortPage", "doubled"],
    blows: { poison: 6, replay: 2 },
    isPrecise: true,
  },
  /** Clocks that are off, and stepped. */
  clocks: { ...STANDARD, body: "embedded", blows: { kill: 3, freeze: 3, hostClock: 3, clockStep: 3 } },
  /** Nights in which clocks change. */
  dst: {
    ...STANDARD,
    hostileMs: 3 * 60 * MINUTE_MS,
    deeds: 20,
    blows: { kill: 3, schedulersDown: 2, freeze: 1 },
    begins: [
      { at: "2026-03-29T00:00:00Z", zone: "Europe/Berlin" },
      { at: "2026-10-25T00:00:00Z", zone: "Europe/Berlin" },
      { at: "2026-03-08T06:00:00Z", zone: "America/New_York" },
      { at: "2026-11-01T05:00:00Z", zone: "America/New_York" },
      { at: "2026-04-04T14:30:00Z", zone: "Australia/Lord_Howe" },
      { at: "2026-10-03T15:00:00Z", zone: "Australia/Lord_Howe" },
    ],
  },
  /** This version and the next one side by side. */
  mixed: { ...STANDARD, isMixed: true, blows: { kill: 4, drain: 4, freeze: 2 } },
  /** Runs that stand in line at two limits, with messages that come twice. */
  lines: {
    ...STANDARD,
    bias: "lines",
    classes: ["doubled", "doubledLater", "slow", "freezeBefore", "freezeAfter", "dieAfter"],
    isWhole: true,
    blows: { kill: 3, freeze: 6, replay: 6 },
  },
  /** Schedules that follow from the ends of runs, and messages that nobody has sent. */
  chains: { ...STANDARD, bias: "chains", deeds: 20, blows: { ...STANDARD.blows, poison: 40 } },
  /** Definitions that change all the time, under processes that die. */
  defining: {
    ...STANDARD,
    bias: "definitions",
    deeds: 120,
    classes: ["dieBefore", "dieAfter", "freezeBefore", "unknownDone", "lateEffect"],
    isWhole: true,
    blows: { kill: 20, freeze: 3 },
  },
  /** Servers that are held up within their visits while others take over, under a queue that loses messages. */
  takeovers: {
    ...STANDARD,
    bias: "bursts",
    jobs: { least: 2, most: 4 },
    classes: ["freezeBefore", "freezeAfter", "lost", "lateEffect"],
    isWhole: true,
    blows: { freeze: 20, kill: 2 },
  },
  /** Runs with steps: graphs, maps, waits, switches, runs of other jobs; stopped, paused, marked and redriven. */
  workflows: { ...STANDARD, bias: "workflows", jobs: { least: 3, most: 5 }, deeds: 60 },
  /** The same on AWS. */
  workflowsCloud: {
    ...STANDARD,
    body: "cloud",
    bias: "workflows",
    hostileMs: 30 * MINUTE_MS,
    jobs: { least: 3, most: 5 },
    deeds: 50,
  },
  /** Workers and servers that are replaced one after the other, in order. */
  rolling: { ...STANDARD, blows: { drain: 40, kill: 4, freeze: 2 } },
} as const satisfies Record<string, Profile>;

export const PROFILE_NAMES = Object.keys(PROFILES) as readonly ProfileName[];

/** The profile of a seed when none is asked for: half of them are of the standard one. */
export function profileOf(seed: number): ProfileName {
  if (seed % 2 === 0) return "standard";
  return PROFILE_NAMES[1 + (((seed - 1) / 2) % (PROFILE_NAMES.length - 1))] ?? "standard";
}

export function beginningOf({ begins = [MONDAY] }: Profile, draws: KeyedDraws): { epochMs: number; zone: string } {
  const { at, zone } = draws.pick(begins, "beginning");
  return { epochMs: Date.parse(at), zone };
}

/**
 * The engine's durations. Half of the seeds have them as they are; the other half shrinks those that are safe to shrink,
 * so that what is rare becomes common. What must be longer than something else stays so.
 */
export function drawKnobs({ body, isPrecise = false }: Profile, draws: KeyedDraws): Knobs {
  const base = body === "embedded" ? EMBEDDED_KNOBS : AWS_KNOBS;
  const settleMaxMs = draws.pick([60_000, 120_000, 300_000], "settleMax");
  const common: Knobs = {
    ...base,
    shards: draws.between(1, 4, "shards"),
    settleMaxMs: Math.max(settleMaxMs, base.settleAfterMs),
  };
  if (isPrecise || draws.isIn(0.5, "plain knobs")) return common;
  const scale = (ms: number, name: string): number => Math.ceil(ms * draws.magnitude(0.2, 1, `knob ${name}`));
  const heartbeatMs = scale(base.heartbeatMs, "heartbeat");
  const leadMs = scale(base.leadMs, "lead");
  return {
    ...common,
    leadMs: body === "cloud" ? base.leadMs : leadMs,
    lookAheadMs: body === "cloud" ? base.lookAheadMs : leadMs + scale(base.lookAheadMs - base.leadMs, "lookAhead"),
    misfireAfterMs:
      body === "cloud" ? base.misfireAfterMs : Math.max(leadMs / 2, scale(base.misfireAfterMs, "misfire")),
    settleAfterMs: scale(base.settleAfterMs, "settleAfter"),
    visibilityMs: scale(base.visibilityMs, "visibility"),
    heartbeatMs,
    commandPollMs: scale(base.commandPollMs, "commands"),
    workerDeadAfterMs: Math.ceil(heartbeatMs * draws.within(3.5, 6, "dead after")),
    leaseMs: scale(base.leaseMs, "lease"),
    maxLost: draws.pick([2, 5], "maxLost"),
    maxWaiters: draws.pick([3, 1_000], "maxWaiters"),
  };
}
