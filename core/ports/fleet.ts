/** The Fleet port: how many workers a pool has, and stopping one for certain. */
export interface Fleet {
  /** Asks for `count` workers (0 to 1,000) of a pool; surplus ones are drained, never killed. Returns before they are ready. */
  resize(pool: string, count: number): Promise<void>;

  /**
   * What the fleet knows of its members. A hint: heartbeats decide what is alive, and one that drains may be left out
   * already.
   */
  list(): Promise<readonly FleetMember[]>;

  /**
   * Stops one worker: asks it to drain, and after `graceMs` kills it with everything it has started. A platform that has
   * a time of its own until it kills keeps to that, and `graceMs` says how long the caller waits for the evidence.
   * The evidence says what was seen; an unknown worker gives `{ stopped: true, how: "absent" }`.
   */
  stop(workerId: string, options: { readonly graceMs: number }): Promise<StopEvidence>;
}

export interface FleetMember {
  readonly workerId: string;
  readonly pool: string;
  readonly state: "starting" | "running" | "draining";
}

export interface StopEvidence {
  readonly stopped: boolean;
  readonly how: "drained" | "killed" | "absent" | "timeout";
}
