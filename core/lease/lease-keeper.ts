import type { Clock } from "../ports/clock.ts";
import type { Fate, ProcessRef } from "../worker/worker-record.ts";
import type { Table } from "../ports/table.ts";
import { keys } from "../store/keys.ts";
import { listAll } from "../store/pages.ts";
import { SilenceObserver } from "./silence-observer.ts";
import { fairShare, type Lease } from "./lease.ts";

interface Held {
  readonly lease: Lease;
  readonly rev: number;
  /** Monotonic instant after which the lease must not be relied upon. */
  readonly untilMs: number;
}

export interface LeaseOptions {
  /** Names one life of the scheduler. */
  readonly self: string;
  readonly shards: number;
  readonly durationMs: number;
  readonly process?: ProcessRef;
}

interface Member {
  readonly id: string;
  readonly beat: number;
  readonly process?: ProcessRef;
}

/** The part of a lease's duration after which its holder stops relying on it. */
const RELIANCE = 2 / 3;

/**
 * Holds a fair share of the shards for one scheduler. `round()` has to be called about three times in a lease's
 * duration: it says that this scheduler lives, renews what it holds, takes over what has fallen silent, and gives up what
 * is above its share when others have come.
 */
export class LeaseKeeper {
  readonly #table: Table;
  readonly #clock: Clock;
  readonly #fateOf: (process: ProcessRef) => Fate;
  readonly #process: ProcessRef | undefined;
  readonly #self: string;
  readonly #shards: number;
  readonly #durationMs: number;
  readonly #observer: SilenceObserver;
  readonly #held = new Map<number, Held>();
  #beat = 0;
  /** A round was cut short: there may be leases in our name that we do not know of. */
  #isUnsure = false;

  constructor(ports: { table: Table; clock: Clock; fateOf?: (process: ProcessRef) => Fate }, options: LeaseOptions) {
    this.#fateOf = ports.fateOf ?? (() => "unknown");
    this.#process = options.process;
    this.#table = ports.table;
    this.#clock = ports.clock;
    this.#self = options.self;
    this.#shards = options.shards;
    this.#durationMs = options.durationMs;
    this.#observer = new SilenceObserver(ports.clock, options.durationMs);
  }

  /** Shards that this scheduler may work on now. */
  owned(): readonly number[] {
    const nowMs = this.#clock.monotonicMs();
    return [...this.#held].filter(([, held]) => nowMs < held.untilMs).map(([shard]) => shard);
  }

  async round(): Promise<void> {
    this.#beat += 1;
    const member: Member = {
      id: this.#self,
      beat: this.#beat,
      ...(this.#process === undefined ? {} : { process: this.#process }),
    };
    await this.#table.put(keys.scheduler(this.#self), member, "any", LAZY);
    const living = await this.#livingMembers();
    const share = fairShare(this.#shards, [...living], this.#self);
    const wasCutShort = this.#isUnsure;
    this.#isUnsure = true;
    await this.#renew(share);
    await this.#takeOver(share, living);
    if (wasCutShort) await this.#disown();
    this.#isUnsure = false;
  }

  /** Gives everything up, so that others need not wait. */
  async release(): Promise<void> {
    await this.#table.delete(keys.scheduler(this.#self), "any");
    for (const [shard, held] of this.#held) await this.#giveUp(shard, held);
  }

  async #livingMembers(): Promise<ReadonlySet<string>> {
    const living = new Set([this.#self]);
    for await (const stored of listAll(this.#table, { pk: keys.scheduler("").pk, prefix: "" })) {
      const member = stored.body as Member;
      if (member.id === this.#self) continue;
      const isGone = member.process !== undefined && this.#fateOf(member.process) === "gone";
      if (isGone || this.#observer.observe(member.id, member.beat).dead) {
        // Only if it is still silent: it may have come back just now.
        await this.#table.delete(stored.key, stored.rev);
        this.#observer.forget(member.id);
      } else {
        living.add(member.id);
      }
    }
    return living;
  }

  async #renew(share: number): Promise<void> {
    let kept = 0;
    for (const [shard, held] of this.#held) {
      if (kept >= share) {
        await this.#giveUp(shard, held);
        continue;
      }
      const untilMs = this.#relianceEndMs();
      const lease = { ...held.lease, beat: held.lease.beat + 1 };
      const written = await this.#table.put(keys.lease(shard), lease, held.rev, LAZY);
      if (written.ok) {
        this.#held.set(shard, { lease, rev: written.rev, untilMs });
        kept += 1;
      } else {
        this.#held.delete(shard);
      }
    }
  }

  async #takeOver(share: number, living: ReadonlySet<string>): Promise<void> {
    for (let shard = 0; shard < this.#shards && this.#held.size < share; shard += 1) {
      if (this.#held.has(shard)) continue;
      const stored = await this.#table.get(keys.lease(shard));
      const former = stored?.body as Lease | undefined;
      // One in our own name that we do not hold is left over from a write whose outcome we never learned.
      if (former !== undefined && former.owner !== this.#self && living.has(former.owner)) continue;
      const untilMs = this.#relianceEndMs();
      const lease: Lease = {
        owner: this.#self,
        epoch: (former?.epoch ?? 0) + 1,
        beat: 1,
        durationMs: this.#durationMs,
      };
      const written = await this.#table.put(keys.lease(shard), lease, stored?.rev ?? "absent");
      if (written.ok) this.#held.set(shard, { lease, rev: written.rev, untilMs });
    }
  }

  /** Gives up what is in our name and not held: nobody else would take it over while we live. */
  async #disown(): Promise<void> {
    for (let shard = 0; shard < this.#shards; shard += 1) {
      if (this.#held.has(shard)) continue;
      const stored = await this.#table.get(keys.lease(shard));
      const lease = stored?.body as Lease | undefined;
      if (stored === undefined || lease?.owner !== this.#self) continue;
      await this.#table.put(stored.key, { ...lease, owner: "" }, stored.rev);
    }
  }

  /** Leaves the item in place, without an owner, so that epochs go on rising. Held until then: a failure is made good later. */
  async #giveUp(shard: number, { lease, rev }: Held): Promise<void> {
    await this.#table.put(keys.lease(shard), { ...lease, owner: "" }, rev);
    this.#held.delete(shard);
  }

  /** Taken before the write: the duration counts from the request, not from the answer. */
  #relianceEndMs(): number {
    return this.#clock.monotonicMs() + this.#durationMs * RELIANCE;
  }
}

/** Leases and heartbeats of processes mean nothing once a loss of power has ended the processes. */
const LAZY = { lazy: true };
