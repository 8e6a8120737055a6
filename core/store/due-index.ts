import type { BatchWrite, Expectation, PutOptions, Stored, Table } from "../ports/table.ts";
import { MAX_BATCH_WRITE } from "../ports/table.ts";
import type { GivenUp } from "../ledger/given-up.ts";
import { shardOf } from "../lease/shard.ts";
import { joinWalks } from "./join-walks.ts";
import { keys, keyText } from "./keys.ts";

/**
 * What is to be looked at, and when. An entry is a promise to visit; it carries no authority: a visit reads the job or
 * the run and decides anew. Entries are armed before what they watch is committed, so nothing can be committed unwatched.
 */
export type DueEntry = JobEntry | RunEntry | BackfillEntry;

/** Walks one version of a job through its slots. The walk of a version ends when the next version has taken over. */
export interface JobEntry {
  readonly kind: "job";
  readonly namespace: string;
  readonly job: string;
  readonly version: number;
  readonly visitAtMs: number;
  /** Slots up to here have been dispatched or accounted for. */
  readonly cursorMs: number;
  /** Slots up to here have a final row or a watch of their own. */
  readonly settledMs: number;
  /** Vain looks for rows of dispatched slots, one after the other. */
  readonly looks: number;
  /**
   * What this walk itself has given up, oldest first, as long as it matters. Gaps in the ledger don't tell: a scheduler that
   * was held up may have put an old entry back, and given up by it what another walk had dispatched in time.
   */
  readonly gaveUp?: readonly GivenUp[];
  readonly armedAtMs: number;
}

/** Watches up to `MAX_WATCHED` runs of one job until all have ended. */
export interface RunEntry {
  readonly kind: "runs";
  readonly namespace: string;
  readonly job: string;
  readonly stamps: readonly string[];
  readonly visitAtMs: number;
  /** Runs due up to here have been rung for. */
  readonly rungThroughMs: number;
  /** Visits that had to ring again. */
  readonly looks: number;
  readonly armedAtMs: number;
}

/** As many as one batch read can tell of. */
export const MAX_WATCHED = 100;

/** Feeds a backfill's runs into the queue, a page at a time. */
export interface BackfillEntry {
  readonly kind: "backfill";
  readonly namespace: string;
  readonly job: string;
  readonly backfill: string;
  readonly visitAtMs: number;
  /** Looks since a page was handed out. */
  readonly looks?: number;
  readonly armedAtMs: number;
}

export interface DueIndexOptions {
  readonly shards: number;
  readonly onArmed?: ((visitAtMs: number) => Promise<void>) | undefined;
  /** The pause before the `attempt`-th try (from 1) to write what the table has declined. */
  readonly rest: (attempt: number) => Promise<void>;
}

export class DueIndex {
  readonly #table: Table;
  readonly #options: DueIndexOptions;

  constructor(table: Table, options: DueIndexOptions) {
    this.#table = table;
    this.#options = options;
  }

  /** @param options - `lazy` only if a write follows that is not, and that is nothing without the entry */
  async arm(entry: DueEntry, options?: PutOptions): Promise<void> {
    if (entry.kind === "job" && hasGivenUp(entry)) await this.#join(entry);
    else await this.#table.put(this.#key(entry), entry, "any", options);
    await this.#options.onArmed?.(entry.visitAtMs);
  }

  /** Whether there is an entry for the same subject at the same instant. */
  async holds(entry: DueEntry): Promise<boolean> {
    return (await this.#table.get(this.#key(entry))) !== undefined;
  }

  /** Entries to visit at or before `atMs`, soonest first. */
  async dueBy(shard: number, atMs: number, limit: number): Promise<readonly DueEntry[]> {
    const page = await this.#table.query({ pk: keys.duePartition(shard), before: keys.dueBefore(atMs + 1), limit });
    return page.items.map(asEntry);
  }

  /** The entry of a shard that is to be visited next, or `undefined` when it has none. */
  async next(shard: number): Promise<DueEntry | undefined> {
    const page = await this.#table.query({ pk: keys.duePartition(shard), limit: 1 });
    const [first] = page.items;
    return first === undefined ? undefined : asEntry(first);
  }

  /** Replaces visited entries by what is to be visited next. New entries are put before the old ones go. */
  async move(moves: readonly { readonly done: DueEntry; readonly next: readonly DueEntry[] }[]): Promise<void> {
    const puts = new Map<string, BatchWrite>();
    const removals = new Map<string, BatchWrite>();
    const joining = new Map<string, JobEntry>();
    for (const { done, next } of moves) {
      const doneKey = this.#key(done);
      removals.set(keyText(doneKey), { delete: doneKey });
      for (const entry of next) {
        const key = this.#key(entry);
        if (entry.kind === "job" && isToJoin(entry, done)) {
          // Walks that come to one visit together are one before they are written: by turns each would find another's.
          const other = joining.get(keyText(key));
          joining.set(keyText(key), other === undefined ? entry : joinWalks(entry, other));
        } else puts.set(keyText(key), { put: { key, body: entry } });
      }
    }
    for (const key of puts.keys()) removals.delete(key);
    for (const key of joining.keys()) removals.delete(key);
    await Promise.all([this.#write([...puts.values()]), ...[...joining.values()].map((entry) => this.#join(entry))]);
    await this.#write([...removals.values()]);
  }

  /**
   * Puts an entry of a walk that is behind, or has given slots up: one of another walk in its place is joined, not replaced.
   * The other way round nothing is lost: a walk that goes on and has given up nothing looks for every slot itself.
   */
  async #join(entry: JobEntry): Promise<void> {
    let joined = entry;
    for (let expect: Expectation = "absent"; ;) {
      const written = await this.#table.put(this.#key(entry), joined, expect);
      if (written.ok) return;
      joined = written.current === undefined ? entry : joinWalks(entry, written.current.body as JobEntry);
      expect = written.current?.rev ?? "absent";
    }
  }

  async #write(writes: readonly BatchWrite[]): Promise<void> {
    const batches: Promise<void>[] = [];
    for (let i = 0; i < writes.length; i += MAX_BATCH_WRITE) {
      batches.push(this.#writeAll(writes.slice(i, i + MAX_BATCH_WRITE)));
    }
    await Promise.all(batches);
  }

  async #writeAll(writes: readonly BatchWrite[]): Promise<void> {
    let left = writes;
    for (let attempt = 0; left.length > 0; attempt += 1) {
      if (attempt === MAX_BATCH_ATTEMPTS)
        throw new Error(`Cannot move due entries: ${left.length} were declined ${attempt} times`);
      if (attempt > 0) await this.#options.rest(attempt);
      left = await this.#table.batchWrite(left);
    }
  }

  #key(entry: DueEntry) {
    return keys.due(shardOf(owner(entry), this.#options.shards), entry.visitAtMs, subject(entry));
  }
}

const MAX_BATCH_ATTEMPTS = 8;
const DIGESTS = 2 ** 32;

/** Whether an entry must not replace that of another walk which it finds in its place. */
function isToJoin(entry: JobEntry, done: DueEntry): boolean {
  // One that has come nowhere was put off: when its time comes it may be late, and give up what another has dispatched.
  const isBehind = done.kind === "job" && entry.cursorMs <= done.cursorMs;
  return isBehind || hasGivenUp(entry);
}

function hasGivenUp({ gaveUp = [] }: JobEntry): boolean {
  return gaveUp.length > 0;
}

function owner(entry: DueEntry): string {
  return `${entry.namespace}/${entry.job}`;
}

function subject(entry: DueEntry): string {
  switch (entry.kind) {
    case "job":
      return `job#${entry.namespace}#${entry.job}#${entry.version}`;
    case "runs":
      // Watches of other runs, or of more of them, must not take each other's place.
      return `runs#${entry.namespace}#${entry.job}#${entry.stamps[0] ?? ""}#${shardOf(entry.stamps.join(), DIGESTS)}`;
    case "backfill":
      return `backfill#${entry.namespace}#${entry.job}#${entry.backfill}`;
  }
}

function asEntry(stored: Stored): DueEntry {
  return stored.body as DueEntry;
}
