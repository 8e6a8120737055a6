import type { Kernel } from "../kernel/kernel.ts";
import type { CalendarRow, DefinitionRow, Fact, VersionRow } from "./rows.ts";

export interface KnownVersion extends VersionRow {
  /** Virtual time of its commit. */
  readonly committedMs: number;
}

/** The versions of every job as they were committed, and who has read which of them when. */
export class JobModel {
  readonly #kernel: Kernel;
  readonly #versions = new Map<string, KnownVersion[]>();
  readonly #calendars = new Map<string, CalendarRow["definition"]>();
  /** For each process and job: when it last saw each version. */
  readonly #reads = new Map<string, Map<number, number>>();

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
  }

  note(fact: Fact): void {
    if (fact.kind === "calendar")
      this.#calendars.set(`${fact.after.name}@${fact.after.edition}`, fact.after.definition);
    if (fact.kind !== "job" || fact.after === undefined) return;
    const name = jobName(fact.after);
    const versions = this.#versions.get(name) ?? [];
    versions.push({ ...fact.after, committedMs: this.#kernel.nowMs });
    this.#versions.set(name, versions);
  }

  noteRead(life: string, job: string): void {
    const version = this.current(job)?.version;
    if (version === undefined) return;
    const place = `${life} ${job}`;
    const seen = this.#reads.get(place) ?? new Map<number, number>();
    this.#reads.set(place, seen.set(version, this.#kernel.nowMs));
  }

  /** Versions that a process has seen to govern a job, at or after an instant of virtual time. */
  seenBy(life: string, job: string, sinceMs: number): readonly number[] {
    const seen = this.#reads.get(`${life} ${job}`) ?? new Map<number, number>();
    return [...seen].flatMap(([version, atMs]) => (atMs >= sinceMs ? [version] : []));
  }

  get names(): readonly string[] {
    return [...this.#versions.keys()];
  }

  /** Oldest first. */
  versions(job: string): readonly KnownVersion[] {
    return this.#versions.get(job) ?? [];
  }

  version(job: string, version: number): KnownVersion | undefined {
    return this.versions(job).find((known) => known.version === version);
  }

  current(job: string): KnownVersion | undefined {
    return this.versions(job).at(-1);
  }

  /** The version that governs an instant among those up to `last`. */
  governing(job: string, atMs: number, last: number): KnownVersion | undefined {
    return this.versions(job).findLast(({ version, sinceMs }) => version <= last && sinceMs < atMs);
  }

  /** Local dates that the calendars of a version close. */
  closedDates({ calendars }: VersionRow): ReadonlySet<string> {
    const dates = new Set<string>();
    for (const [name, edition] of Object.entries(calendars))
      for (const date of this.#calendars.get(`${name}@${edition}`)?.exclude ?? []) dates.add(date);
    return dates;
  }
}

export function jobName({ namespace, name }: { readonly namespace: string; readonly name: string }): string {
  return `${namespace}/${name}`;
}

export function overlapOf({ overlap = "skip" }: DefinitionRow): string {
  return overlap;
}
