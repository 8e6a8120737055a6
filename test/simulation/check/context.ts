import type { Client } from "../world/client.ts";
import type { Simulation } from "../world/simulation.ts";
import type { Effect } from "../world/user-code.ts";
import type { JobModel } from "./job-model.ts";

/** Something that must never be. */
export interface Violation {
  readonly invariant: string;
  readonly what: string;
  /** Virtual time. */
  readonly atMs: number;
}

/** What every checker is given. */
export interface CheckContext {
  readonly simulation: Simulation;
  readonly jobs: JobModel;
  readonly effects: readonly Effect[];
  readonly client: () => Client | undefined;
  readonly tell: (invariant: string, what: string) => void;
  /** How far a host's clock may be from that by which is judged, milliseconds. */
  readonly skewMs: number;
  /** The latest wall time that any host has seen so far. */
  readonly latestMs: () => number;
}
