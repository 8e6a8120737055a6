import { EMBEDDED_KNOBS, type Knobs } from "../../core/knobs.ts";
import type { JobDefinition } from "../../core/job/definition.ts";
import type { LedgerSummary } from "../../core/ledger/account.ts";
import type { Run, RunningRun } from "../../core/run/run.ts";
import { type Core, createCore, type Ports } from "../../core/services/core.ts";
import { defineJob } from "../../core/services/define-job.ts";
import { readLedger } from "../../core/services/read-ledger.ts";
import { visitShard } from "../../core/services/visit.ts";
import type { Gap } from "../../core/ledger/gap.ts";
import type { Queue } from "../../core/ports/queue.ts";
import type { Table } from "../../core/ports/table.ts";
import type { DueEntry } from "../../core/store/due-index.ts";
import { CommitWatch } from "./commit-watch.ts";
import { ManualClock } from "./manual-clock.ts";
import { MemoryQueue } from "./memory-queue.ts";
import { MemoryTable } from "./memory-table.ts";
import { PortFaults } from "./port-faults.ts";
import { CountingIds, SeededRandom } from "./seeded-random.ts";
import { type Behaviour, TestWorker } from "./test-worker.ts";

/** One process of the world: a core of its own over the common table and queue, and what may befall it. */
export interface Process {
  readonly core: Core;
  readonly faults: PortFaults;
}

interface WorkerProcess extends Process {
  readonly worker: TestWorker;
}

export interface WorldOptions {
  readonly seed?: number;
  readonly schedulers?: number;
  readonly workers?: number;
  /** Attempts of one worker at the same time. */
  readonly slots?: number;
  readonly knobs?: Partial<Knobs>;
}

export const NAMESPACE = "default";
export const START_MS = Date.UTC(2026, 0, 5, 10, 0, 0);

/** What a step of the world does at most before it is taken for a loop that never ends. */
const MAX_TURNS = 200;

/** What a world is made over. */
export interface WorldPorts {
  readonly clock: ManualClock;
  readonly table: Table;
  readonly queue: Queue;
}

/** What the engine has besides. */
type EnginePorts = Pick<Ports, "executions">;

/**
 * A little world on a clock that stands still: schedulers that visit every shard, workers, and clients. All of it happens
 * step by step and in an order that the seed determines.
 */
export class PortsWorld {
  readonly clock: ManualClock;
  readonly random: SeededRandom;
  readonly knobs: Knobs;
  /** What went wrong in visits and workers. */
  readonly errors: unknown[] = [];
  /** What attempts do. */
  behave: (run: RunningRun) => Behaviour = () => ({ takesMs: 100, result: { kind: "succeeded" } });
  schedulers: Process[] = [];
  workers: WorkerProcess[] = [];
  /** The process of clients, without faults. */
  readonly core: Core;
  readonly #ports: WorldPorts;
  readonly #ids = new CountingIds();
  #workers = 0;

  constructor(ports: WorldPorts, { seed = 1, schedulers = 1, workers = 1, slots = 10, knobs = {} }: WorldOptions = {}) {
    this.#ports = ports;
    this.clock = ports.clock;
    this.random = new SeededRandom(seed);
    this.knobs = { ...EMBEDDED_KNOBS, shards: 2, ...knobs };
    this.core = this.process().core;
    for (let i = 0; i < schedulers; i += 1) this.schedulers.push(this.process());
    for (let i = 0; i < workers; i += 1) this.addWorker({ slots });
  }

  process({ executions }: EnginePorts = {}): Process {
    const faults = new PortFaults();
    const { clock, random } = this;
    const metrics = { count: () => undefined, observe: () => undefined, gauge: () => undefined };
    const [table, queue] = [faults.table(this.#ports.table), faults.queue(this.#ports.queue)];
    const ports = { table, queue, clock, random, ids: this.#ids, metrics };
    const more = executions === undefined ? {} : { executions: faults.executions(executions) };
    return { faults, core: createCore({ ...ports, ...more }, this.knobs) };
  }

  addWorker({
    slots = 10,
    pool = "default",
    ...more
  }: { slots?: number; pool?: string } & EnginePorts = {}): WorkerProcess {
    const { core, faults } = this.process(more);
    this.#workers += 1;
    const id = `w${this.#workers}`;
    const worker = new TestWorker(core, { id, pool, slots, behave: (run) => this.behave(run) });
    const process = { core, faults, worker };
    this.workers.push(process);
    return process;
  }

  /** Kills a worker with all it holds. */
  killWorker(index = 0): void {
    const [killed] = this.workers.splice(index, 1);
    killed?.faults.die();
  }

  define(definition: Partial<JobDefinition> & { name: string }, core = this.core) {
    const whole: JobDefinition = { executor: { type: "command", argv: ["true"] }, ...definition };
    return defineJob(core, NAMESPACE, whole, { limits: { minIntervalMs: 1_000 } });
  }

  /** Lets time pass, step by step; in each step everything is done that can be done. */
  async advance(ms: number, { stepMs = 500 } = {}): Promise<void> {
    const untilMs = this.clock.nowMs() + ms;
    await this.#step();
    while (this.clock.nowMs() < untilMs) {
      await this.clock.advance(Math.min(stepMs, untilMs - this.clock.nowMs()));
      await this.#step();
    }
  }

  async #step(): Promise<void> {
    for (const { worker, faults } of this.workers) await this.#guard(faults, worker.beat());
    for (let turn = 0; turn < MAX_TURNS; turn += 1) {
      const visited = await this.visitAll();
      const worked = await Promise.all(this.workers.map(({ worker, faults }) => this.#guard(faults, worker.step())));
      if (visited === 0 && !worked.includes(true)) break;
      if (turn === MAX_TURNS - 1) throw new Error("Cannot end the step: there is always something left to do");
    }
    this.schedulers = this.schedulers.filter(({ faults }) => !faults.isDead);
    this.workers = this.workers.filter(({ faults }) => !faults.isDead);
  }

  /** All schedulers visit what is due in all shards, all at the same time; returns how many entries were visited. */
  async visitAll(): Promise<number> {
    const visits = this.schedulers.flatMap(({ core, faults }) =>
      Array.from({ length: this.knobs.shards }, (_, shard) => this.#guard(faults, visitShard(core, shard))),
    );
    const rounds = await Promise.all(visits);
    for (const round of rounds) if (typeof round === "object") this.errors.push(...round.failures);
    return rounds.reduce((sum, round) => sum + (typeof round === "object" ? round.visited : 0), 0);
  }

  async #guard<T>(faults: PortFaults, work: Promise<T>): Promise<T | "dead" | undefined> {
    try {
      return await faults.orDeath(work);
    } catch (error) {
      this.errors.push(error);
      return undefined;
    }
  }

  ledger(job: string): Promise<LedgerSummary> {
    return readLedger(this.core, NAMESPACE, job, { fromMs: START_MS - 86_400_000, toMs: this.clock.nowMs() + 1 });
  }

  /** Calls of all schedulers and workers so far. */
  calls(): number {
    return [...this.schedulers, ...this.workers].reduce((sum, { faults }) => sum + faults.calls, 0);
  }
}

/** A world over ports in memory, where every commit can be looked at. */
export class World extends PortsWorld {
  readonly table: MemoryTable;
  readonly queue: MemoryQueue;
  readonly watch: CommitWatch;

  constructor(options: WorldOptions = {}) {
    const clock = new ManualClock(START_MS);
    const [table, queue] = [new MemoryTable(), new MemoryQueue(clock)];
    super({ clock, table, queue }, options);
    this.table = table;
    this.queue = queue;
    this.watch = new CommitWatch(table, clock);
  }

  /** The rows of a job's ledger, in time order. */
  rows(job: string): (Run | Gap)[] {
    return this.table.dump(`run#${NAMESPACE}#${job}`).map(({ body }) => body as Run | Gap);
  }

  runs(job: string): Run[] {
    return this.rows(job).filter((row): row is Run => "status" in row);
  }

  gaps(job: string): Gap[] {
    return this.rows(job).filter((row): row is Gap => !("status" in row));
  }

  /** Instants of the slots that fired, in milliseconds since the world began. */
  fired(job: string): number[] {
    return this.runs(job)
      .filter((run) => run.cause === "slot" && run.attempt > 0)
      .map(({ slotAtMs }) => slotAtMs - START_MS);
  }

  due(): DueEntry[] {
    return this.table.dump("due#").map(({ body }) => body as DueEntry);
  }
}
