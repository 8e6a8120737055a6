import type { Sequence, StateMachine } from "./state-machine.ts";

/**
 * How many state transitions an execution costs at least: one for each state, since every one is entered once. Branches
 * are free. A retry after a missed heartbeat and a redrive cost more, and so may the start and the end of an execution,
 * of which the price list does not speak.
 *
 * @see https://aws.amazon.com/step-functions/pricing/
 */
export function transitionsOf(machine: StateMachine): number {
  return statesIn(machine);
}

function statesIn({ States }: Sequence): number {
  return Object.values(States).reduce(
    (sum, state) => sum + 1 + (state.Type === "Parallel" ? sumOf(state.Branches.map(statesIn)) : 0),
    0,
  );
}

function sumOf(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0);
}
