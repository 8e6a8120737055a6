/** What a worker tells of itself with each heartbeat; one item a worker, not one a run. */
export interface WorkerRecord {
  readonly id: string;
  readonly pool: string;
  /** `gone`: it said so itself, or its fleet is certain. */
  readonly state: "ready" | "draining" | "gone";
  readonly slots: number;
  /** Ids of the runs that it claims or executes, whole and as of the heartbeat: what is not told is not in its hands. */
  readonly running: readonly string[];
  readonly startedAtMs: number;
  /** When whoever removes the records first saw that it is gone. */
  readonly goneAtMs?: number;
  /** Rises with every heartbeat; what observers watch instead of a clock. */
  readonly beat: number;
  readonly process?: ProcessRef;
}

/** What a host knows of a process: it lives, it is gone, both for certain; or the host can't tell. */
export type Fate = "alive" | "gone" | "unknown";

/** Names a process for certain: host name, process id and, where they can be had, what tells its namesakes apart. */
export interface ProcessRef {
  readonly host: string;
  readonly pid: number;
  /** Start time, in the kernel's ticks since boot. */
  readonly startTicks?: string;
  /** Within which the process id is unique: of another space nobody can say whether a process lives. */
  readonly space?: string;
}

/** What is asked of a worker, read by it at each heartbeat. */
export type WorkerCommand =
  | { readonly kind: "drain" }
  | { readonly kind: "stop"; readonly runId: string; readonly epoch: number; readonly graceMs: number };
