import type { DecisionKey } from "../faults/fault-plan.ts";
import { type HistoryOptions, playHistory } from "../world/history.ts";

/** A failing history with as few decisions as were found to do. */
export interface SavedTape {
  readonly seed: number;
  readonly profile: HistoryOptions["profile"];
  readonly hasLeases: boolean;
  readonly invariant: string;
  readonly what: string;
  readonly tape: readonly DecisionKey[];
}

/** Replays that one history is worth. */
const MAX_REPLAYS = 150;

/**
 * Leaves decisions out as long as the same invariant is broken: halves first, then ever smaller parts.
 *
 * @see https://www.st.cs.uni-saarland.de/papers/tse2002/ Zeller and Hildebrandt, "Simplifying and Isolating Failure-Inducing Input"
 */
export async function shrink(
  { seed, profile, hasLeases = true }: HistoryOptions,
  { fired, invariant }: { readonly fired: readonly DecisionKey[]; readonly invariant: string },
): Promise<SavedTape> {
  let tape = [...fired];
  let what = "";
  let left = MAX_REPLAYS;
  const fails = async (subset: readonly DecisionKey[]): Promise<boolean> => {
    left -= 1;
    const { violations } = await playHistory({ seed, profile, hasLeases, tape: new Set(subset) });
    const found = violations.find((violation) => violation.invariant === invariant);
    if (found !== undefined) ({ what } = found);
    return found !== undefined;
  };
  let parts = 2;
  const leaveOut = async (): Promise<boolean> => {
    const size = Math.ceil(tape.length / parts);
    for (let start = 0; start < tape.length; start += size) {
      const rest = [...tape.slice(0, start), ...tape.slice(start + size)];
      if (left <= 0 || !(await fails(rest))) continue;
      tape = rest;
      return true;
    }
    return false;
  };
  for (;;) {
    if (tape.length === 0 || left <= 0) break;
    if (await leaveOut()) parts = Math.max(2, parts - 1);
    else if (parts >= tape.length) break;
    else parts = Math.min(tape.length, parts * 2);
  }
  return { seed, profile, hasLeases, invariant, what, tape };
}
