import { type CompiledJob, compileJob } from "../job/compile.ts";
import type { JobVersion } from "../job/version.ts";
import { type Key, MAX_BATCH_GET, type Stored, type Table } from "../ports/table.ts";
import type { VersionedCalendar } from "../schedule/schedule.ts";
import type { CalendarDefinition } from "../schedule/definition.ts";
import { type RunKey, stepOf } from "../run/run-id.ts";
import type { Run } from "../run/run.ts";
import { stepJob } from "../workflow/step-job.ts";
import { keys, keyText } from "./keys.ts";
import { listAll } from "./pages.ts";

export interface CalendarEdition {
  readonly namespace: string;
  readonly name: string;
  readonly edition: number;
  readonly sinceMs: number;
  readonly definition: CalendarDefinition;
}

/** A job as stored: its governing version, compiled, and the revision that a change must expect. */
export interface StoredJob {
  readonly compiled: CompiledJob;
  readonly rev: number;
  readonly isHeard: boolean;
}

const MAX_COMPILED = 20_000;

/**
 * Jobs and their history. The job item holds the governing version; before it is replaced, it is copied to its place in
 * the history, so every version but the governing one is there, whatever happens between the two writes.
 *
 * Compiled versions are kept in memory by (job, version): a version never changes, so they cannot be stale.
 */
export class JobStore {
  readonly #table: Table;
  readonly #compiled = new Map<string, CompiledJob>();
  /** What the callers of this turn want to know. */
  #wanted: { readonly keys: Map<string, Key>; readonly read: Promise<ReadonlyMap<string, Stored>> } | undefined;

  constructor(table: Table) {
    this.#table = table;
  }

  /**
   * The job as of now (a strongly consistent read); deleted ones included. Callers of the same turn share one read: the
   * scheduler, which visits many jobs side by side, asks for them all at once.
   */
  async find(namespace: string, name: string): Promise<StoredJob | undefined> {
    // The read begins a turn later, after all of their calls.
    this.#wanted ??= { keys: new Map(), read: Promise.resolve().then(() => this.#readWanted()) };
    const key = keys.job(namespace, name);
    this.#wanted.keys.set(keyText(key), key);
    const stored = (await this.#wanted.read).get(keyText(key));
    return stored === undefined
      ? undefined
      : {
          compiled: await this.#compile(stored.body as JobVersion),
          rev: stored.rev,
          isHeard: (stored.body as JobVersion).isHeard === true,
        };
  }

  async #readWanted(): Promise<ReadonlyMap<string, Stored>> {
    const wanted = [...(this.#wanted?.keys.values() ?? [])];
    this.#wanted = undefined;
    return new Map((await this.#getAll(wanted)).map((stored) => [keyText(stored.key), stored]));
  }

  async #getAll(wanted: readonly Key[]): Promise<readonly Stored[]> {
    const [only] = wanted;
    if (only !== undefined && wanted.length === 1) {
      const stored = await this.#table.get(only);
      return stored === undefined ? [] : [stored];
    }
    const batches: Promise<readonly Stored[]>[] = [];
    for (let i = 0; i < wanted.length; i += MAX_BATCH_GET) {
      batches.push(this.#table.batchGet(wanted.slice(i, i + MAX_BATCH_GET)));
    }
    return (await Promise.all(batches)).flat();
  }

  /** The version, wherever it is; `undefined` when it was never committed. */
  async findVersion(namespace: string, name: string, version: number): Promise<CompiledJob | undefined> {
    const known = this.#compiled.get(compiledId(namespace, name, version));
    if (known !== undefined) return known;
    const current = await this.find(namespace, name);
    if (current === undefined || current.compiled.version.version < version) return undefined;
    if (current.compiled.version.version === version) return current.compiled;
    const stored = await this.#table.get(keys.jobVersion(namespace, name, version));
    return stored === undefined ? undefined : this.#compile(stored.body as JobVersion);
  }

  /** What a run is a run of, at the version that governs it: a job, or a step of a workflow. */
  async ofRun({ namespace, job: name, stamp, version }: Pick<Run, keyof RunKey | "version">) {
    const job = await this.findVersion(namespace, name, version);
    const part = stepOf(stamp);
    return part === undefined || job === undefined ? job : stepJob(job, part);
  }

  /** The version that governs an instant, or `undefined` before the first one. */
  async findGoverning(current: CompiledJob, atMs: number): Promise<CompiledJob | undefined> {
    if (atMs > current.version.sinceMs) return current;
    const { namespace, name } = current.version;
    for (let version = current.version.version - 1; version >= 1; version -= 1) {
      const earlier = await this.findVersion(namespace, name, version);
      if (earlier === undefined) return undefined;
      if (atMs > earlier.version.sinceMs) return earlier;
    }
    return undefined;
  }

  /** All versions, oldest first, the governing one last. */
  async history(current: CompiledJob): Promise<readonly CompiledJob[]> {
    const { namespace, name, version } = current.version;
    const versions: CompiledJob[] = [];
    for await (const stored of listAll(this.#table, { pk: keys.jobVersion(namespace, name, 0).pk, prefix: "" })) {
      const earlier = stored.body as JobVersion;
      if (earlier.version < version) versions.push(await this.#compile(earlier));
    }
    return [...versions, current];
  }

  /**
   * Makes `next` the governing version, in place of the one at revision `expectRev` (`undefined`: of none).
   *
   * @returns `false` when another change came first
   */
  async commit(
    next: JobVersion,
    previous: { readonly version: JobVersion; readonly rev: number } | undefined,
  ): Promise<boolean> {
    if (previous !== undefined) {
      const { namespace, name, version } = previous.version;
      await this.#table.put(keys.jobVersion(namespace, name, version), previous.version, "any");
    } else {
      await this.#table.put(keys.namespace(next.namespace), { namespace: next.namespace }, "any");
    }
    const result = await this.#table.put(keys.job(next.namespace, next.name), next, previous?.rev ?? "absent");
    return result.ok;
  }

  /** From now on, whoever claims a run of the job knows that others want to be told of its end. A job that is not there stays so. */
  async markHeard(namespace: string, name: string): Promise<void> {
    for (;;) {
      const stored = await this.#table.get(keys.job(namespace, name));
      const version = stored?.body as JobVersion | undefined;
      if (stored === undefined || version === undefined || version.isHeard === true) return;
      if ((await this.#table.put(stored.key, { ...version, isHeard: true }, stored.rev)).ok) return;
    }
  }

  /** Compiles a version that is not stored yet; throws what compiling throws. */
  async compile(version: JobVersion): Promise<CompiledJob> {
    return compileJob(version, await this.#calendars(version));
  }

  /** The newest edition of a calendar. */
  async findCalendar(namespace: string, name: string): Promise<{ edition: CalendarEdition; rev: number } | undefined> {
    const stored = await this.#table.get(keys.calendar(namespace, name));
    return stored === undefined ? undefined : { edition: stored.body as CalendarEdition, rev: stored.rev };
  }

  /**
   * Makes an edition the newest one, in place of the one at revision `expectRev` (`undefined`: of none). It gets the next
   * number that no other publisher has taken, so what a number means never changes; numbers need not be consecutive.
   *
   * @returns `undefined` when another change came first
   */
  async commitCalendar(wanted: CalendarEdition, expectRev: number | undefined): Promise<CalendarEdition | undefined> {
    for (let edition = wanted; ; edition = { ...edition, edition: edition.edition + 1 }) {
      const { namespace, name } = edition;
      const taken = await this.#table.put(keys.calendarEdition(namespace, name, edition.edition), edition, "absent");
      if (!taken.ok) continue;
      const result = await this.#table.put(keys.calendar(namespace, name), edition, expectRev ?? "absent");
      return result.ok ? edition : undefined;
    }
  }

  async #compile(version: JobVersion): Promise<CompiledJob> {
    const id = compiledId(version.namespace, version.name, version.version);
    const known = this.#compiled.get(id);
    if (known !== undefined) return known;
    const compiled = compileJob(version, await this.#calendars(version));
    if (this.#compiled.size >= MAX_COMPILED) {
      const oldest = this.#compiled.keys().next().value;
      if (oldest !== undefined) this.#compiled.delete(oldest);
    }
    this.#compiled.set(id, compiled);
    return compiled;
  }

  async #calendars(version: JobVersion): Promise<ReadonlyMap<string, VersionedCalendar>> {
    const calendars = new Map<string, VersionedCalendar>();
    for (const [name, edition] of Object.entries(version.calendars)) {
      const stored: Stored | undefined = await this.#table.get(keys.calendarEdition(version.namespace, name, edition));
      if (stored === undefined)
        throw new Error(`Cannot compile job "${version.name}": edition ${edition} of calendar "${name}" is missing`);
      calendars.set(name, { version: edition, definition: (stored.body as CalendarEdition).definition });
    }
    return calendars;
  }
}

function compiledId(namespace: string, name: string, version: number): string {
  return `${namespace}/${name}@${version}`;
}
