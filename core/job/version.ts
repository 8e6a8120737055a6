import type { JobDefinition } from "./definition.ts";

/**
 * A job at one version: its definition together with its state, from the instant it was committed until the next
 * version's. Every change (definition, pause, resume, deletion, a calendar's new edition) makes a version, so each
 * instant is governed by exactly one: version v governs the instants in (v.sinceMs, (v+1).sinceMs].
 */
export interface JobVersion {
  readonly namespace: string;
  readonly name: string;
  /** From 1, never reused, not even when a deleted job is defined again. */
  readonly version: number;
  readonly state: "active" | "paused" | "deleted";
  readonly definition: JobDefinition;
  /** When the job was first defined, or defined again after a deletion; the anchor of `every`. */
  readonly createdAtMs: number;
  readonly sinceMs: number;
  /** `sinceMs` of the version that brought the schedule of today; `maxRuns` counts from here. */
  readonly scheduleSinceMs: number;
  /** The editions of the calendars that the schedule names, as of this version. */
  readonly calendars: Readonly<Record<string, number>>;
  /** Others are told of the ends of its runs: see `ListenerStore`. It may come with a version or be added to one. */
  readonly isHeard?: boolean;
  /** On the first active version after a pause: what becomes of the slots in the pause. */
  readonly resume?: ResumeChoice;
  readonly note?: string;
  readonly by?: string;
}

/** `now`: none of the paused slots; `last`: the last one; `all`: all of them, up to the misfire limit. */
export type ResumeChoice = "now" | "last" | "all";

export function jobKeyText(job: { readonly namespace: string; readonly name: string }): string {
  return `${job.namespace}/${job.name}`;
}
