import type { CallFault } from "../faults/call-faults.ts";
import type { SteadyDraws } from "./steady-draws.ts";

/** What is to befall which call. */
export interface CueOptions {
  /** Port and method, such as `table.put`, or how they begin. */
  readonly site: string;
  /** What the entity of the call has in it: its key at the table, its queue. @default anything */
  readonly about?: string;
  /** How the name of the process begins, such as `worker-1`. @default anybody */
  readonly who?: string;
  /** Which of the calls that match, counted from 1. @default 1 */
  readonly nth?: number;
  /** Each of the calls that match. @default false */
  readonly isEach?: boolean;
  /** Calls match only while this holds. */
  readonly when?: () => boolean;
  /** @default nothing: the calls are only counted */
  readonly fault?: CallFault;
  /** How long a freeze lasts, or each leg of a slow call, or until a late effect. */
  readonly forMs?: number;
}

/** A cue, how many calls matched it so far, and how many of them it befell. */
export interface Cue {
  readonly options: CueOptions;
  matches: number;
  given: number;
}

/** The cues of a scene. A call that several of them match is counted by each, and befallen by the first. */
export class Cues {
  readonly #draws: SteadyDraws;
  readonly #cues: Cue[] = [];

  constructor(draws: SteadyDraws) {
    this.#draws = draws;
  }

  add(options: CueOptions): Cue {
    const cue = { options, matches: 0, given: 0 };
    this.#cues.push(cue);
    return cue;
  }

  /** What befalls a call; the script of a `FaultPlan`. */
  befall(site: string, call: string, life: string): CallFault | undefined {
    let befallen: CallFault | undefined;
    for (const cue of this.#cues) {
      const { about = "", who = "", nth = 1, isEach = false, when, fault, forMs } = cue.options;
      if (!site.startsWith(cue.options.site) || !call.includes(about) || !life.startsWith(who)) continue;
      if (when?.() === false) continue;
      cue.matches += 1;
      if (fault === undefined || befallen !== undefined || (!isEach && cue.matches !== nth)) continue;
      cue.given += 1;
      if (forMs !== undefined) this.#draws.last(call, forMs);
      befallen = fault;
    }
    return befallen;
  }
}
