/** A job of a workload: its number, and when it is due, epoch milliseconds; 0: at once. */
export interface BenchJob {
  readonly i: number;
  readonly dueAtMs: number;
}

/** A recurring job of a workload. */
export interface BenchCron {
  readonly i: number;
  readonly everyS: 1 | 2 | 60;
}

/** The steps of a workflow, each with those that it needs and after them. */
export type BenchWorkflow = ReadonlyMap<string, readonly string[]>;

/** Called when a job starts. `dueAtMs` is `undefined` where the peer does not tell a recurring job for which instant it fires. */
export type BenchHandler = (i: number, dueAtMs: number | undefined) => void | Promise<void>;

/** What a workload asks of a peer; each has settings of its own for it. */
export type Demand = "throughput" | "latency" | "recurring" | "crash";

/** Plain JSON; each adapter knows its own. */
export type Settings = Readonly<Record<string, unknown>>;

/** Settings of the server behind a peer that differ from the harness's standard ones. */
export interface ServerSettings {
  readonly appendfsync?: "everysec" | "always";
  /** How often Redis looks at its timers, a second. */
  readonly hz?: number;
  readonly synchronousCommit?: "on" | "off";
}

/** One way of running a peer; it gets rows of its own in the tables. */
export interface Variant {
  /** The durability setting, in the words of the store. */
  readonly durability: string;
  /** Whether a finished write survives the loss of power. */
  readonly survivesPowerLoss: boolean;
  readonly server?: ServerSettings;
  readonly settings: Readonly<Record<Demand, Settings>>;
}

/** A job queue or scheduler under test. */
export interface Peer {
  readonly name: string;
  readonly needs: "redis" | "postgres" | undefined;
  /** npm packages whose versions belong to the results. */
  readonly packages: readonly string[];
  readonly smallestCron: "second" | "minute";
  /** Whether it runs steps that need others, several of them the same one. */
  readonly hasWorkflows?: true;
  /** A cautious guess, by which a workload chooses how far ahead its first job is due. */
  readonly insertsPerSecond: number;
  /** By name; `""` is the main one. */
  readonly variants: Readonly<Record<string, Variant>>;
  open(context: PeerContext): Promise<Session>;
}

export interface PeerContext {
  readonly settings: Settings;
  /** For peers that keep files. */
  readonly folder: string;
  readonly redisPort: number;
  readonly postgresUrl: string;
  readonly onError: (error: unknown) => void;
}

/** A peer that is open in this process. */
export interface Session {
  /** Queues jobs with the peer's bulk call. */
  insert(jobs: readonly BenchJob[]): Promise<void>;
  insertOne(job: BenchJob): Promise<void>;
  /** Resolves when the worker has been started. */
  startWorker(handler: BenchHandler): Promise<void>;
  /** Registers recurring jobs; before `startWorker` when `cronsFirst` is set, after it otherwise. */
  addCrons(crons: readonly BenchCron[]): Promise<void>;
  readonly cronsFirst?: boolean;
  /** Jobs that the store still has to do. */
  remaining(): Promise<number>;
  /** Looks at every record, outside any measured time: how many jobs have not come to their end. */
  unfinished?(): Promise<number>;
  /** Fills the store by another way than `insert`; `offset` jobs are there already. */
  fill?(dueAtMs: readonly number[], offset: number): Promise<void>;
  readonly workflows?: Workflows;
  stop(): Promise<void>;
}

/** For peers that have workflows. */
export interface Workflows {
  /** Registers the workflow whose runs are started. Its k-th step calls the handler with `i * steps + k`, `i` being the run's number. */
  define(workflow: BenchWorkflow): Promise<void>;
  /** Queues the runs `first` to `first + count - 1`. */
  start(runs: { readonly first: number; readonly count: number }): Promise<void>;
  /** Reads from the store, outside any measured time, how all runs went. */
  stored(): Promise<readonly StoredWorkflow[]>;
}

export interface StoredWorkflow {
  readonly i: number;
  readonly hasSucceeded: boolean;
  /** From being queued to its end. */
  readonly lastedMs: number;
  /** Those that have ended. */
  readonly steps: ReadonlyMap<string, StoredStep>;
}

export interface StoredStep {
  /** Whether its first attempt was its only one, and succeeded. */
  readonly isOnce: boolean;
  readonly fromMs: number;
  readonly toMs: number;
}
