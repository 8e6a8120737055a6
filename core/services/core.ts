import type { Knobs } from "../knobs.ts";
import type { Clock } from "../ports/clock.ts";
import type { Executions } from "../ports/executions.ts";
import type { Ids } from "../ports/ids.ts";
import type { Metrics } from "../ports/metrics.ts";
import type { Queue } from "../ports/queue.ts";
import type { Random } from "../ports/random.ts";
import type { Table } from "../ports/table.ts";
import { BackfillStore } from "../store/backfill-store.ts";
import { DueIndex } from "../store/due-index.ts";
import { JobStore } from "../store/job-store.ts";
import { LimitStore } from "../store/limit-store.ts";
import { ListenerStore } from "../store/listener-store.ts";
import { RunStore } from "../store/run-store.ts";
import { ReachedStore } from "../store/reached-store.ts";
import { WorkerStore } from "../store/worker-store.ts";
import { SilenceObserver } from "../lease/silence-observer.ts";
import { OblivionObserver } from "../worker/oblivion-observer.ts";
import type { Doorbell } from "./send.ts";
import type { Fate, ProcessRef } from "../worker/worker-record.ts";

/** A run that a message has been sent for. */
export interface Rung {
  readonly pool: string;
  readonly dueAtMs: number;
}

/** What the host gives: one adapter for each port. */
export interface Ports {
  readonly table: Table;
  readonly queue: Queue;
  readonly clock: Clock;
  readonly random: Random;
  readonly ids: Ids;
  readonly metrics: Metrics;
  /** Where workflows' runs are to be seen besides; given to the engine alone. */
  readonly executions?: Executions;
  /** What the host knows of a process; where it knows nothing, `unknown`. */
  readonly fateOf?: (process: ProcessRef) => Fate;
  /** Told of the runs that have been rung for, where workers have to be woken. Never rejects. */
  readonly onRung?: (rung: readonly Rung[]) => Promise<void>;
  /** Told of entries that have been armed, where the scheduler has to be woken. Never rejects. */
  readonly onArmed?: (visitAtMs: number) => Promise<void>;
}

/** Ports, stores and knobs: what every service is given. */
export interface Core extends Ports {
  readonly knobs: Knobs;
  readonly jobs: JobStore;
  readonly runs: RunStore;
  readonly due: DueIndex;
  readonly limits: LimitStore;
  readonly workers: WorkerStore;
  readonly backfills: BackfillStore;
  readonly listeners: ListenerStore;
  readonly reached: ReachedStore;
  readonly observer: SilenceObserver;
  readonly oblivion: OblivionObserver;
  /** Takes doorbells in place of the queue: whoever gave it sends them, before anything that relies on them is written. */
  readonly collect?: ((doorbells: readonly Doorbell[]) => void) | undefined;
  /** Told of what has kept a committed change from being taken up at once: it will be, as its entry is armed. */
  readonly onPutOff?: ((error: unknown) => void) | undefined;
}

export function createCore(ports: Ports, knobs: Knobs): Core {
  const { table, clock } = ports;
  return {
    ...ports,
    knobs,
    jobs: new JobStore(table),
    runs: new RunStore(table),
    due: new DueIndex(table, { shards: knobs.shards, onArmed: ports.onArmed, rest: (attempt) => rest(ports, attempt) }),
    limits: new LimitStore(table),
    workers: new WorkerStore(table),
    backfills: new BackfillStore(table),
    listeners: new ListenerStore(table),
    reached: new ReachedStore(table),
    observer: new SilenceObserver(clock, knobs.workerDeadAfterMs),
    oblivion: new OblivionObserver(),
  };
}

const REST_MS = 50;

/** The pause before a batch is offered again of which some was declined: doubled each time, with full jitter. */
export function rest({ clock, random }: Pick<Ports, "clock" | "random">, attempt: number): Promise<void> {
  return clock.sleep(REST_MS * 2 ** attempt * random.next());
}
