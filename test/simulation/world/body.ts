import type { SimProcess } from "./sim-process.ts";

/** A process that answers requests. */
export interface ApiHost {
  process: SimProcess | undefined;
  /** Answers a request in the present life of the process. */
  fetch: ((request: Request) => Response | Promise<Response>) | undefined;
}

/** One of the two bodies of the product, as those who harm it and those who use it see it. */
export interface Body {
  /** Processes by which slots are dispatched. */
  readonly schedulers: readonly SimProcess[];
  readonly workers: () => readonly SimProcess[];
  readonly apis: readonly ApiHost[];
  /** Ends all workers, and lets none be started for a while. */
  readonly holdWorkersDown: (ms: number) => void;
  /** How long a process may take to end in order. */
  readonly drainLimitMs: number;
  /** Ends whatever befalls the processes, and starts those that are down. */
  readonly heal: () => void;
}
