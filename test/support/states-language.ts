import validate from "asl-validator";
import type { Sequence, State, StateMachine } from "../../core/workflow/asl/state-machine.ts";

/** What a validator finds wrong with a state machine. */
export function problemsOf(machine: StateMachine): readonly object[] {
  // It writes into what it is given.
  return validate(structuredClone(machine)).errors;
}

/**
 * What a validator finds wrong with any of them. They are given to it as branches of one state machine, their states named
 * `label: name`: it takes a tenth of a second a call.
 */
export function problemsOfAll(machines: readonly (readonly [label: string, StateMachine])[]): readonly object[] {
  const Branches = machines.map(([label, machine]) => renamed(machine, (name) => `${label}: ${name}`));
  return validate({ StartAt: "all", States: { all: { Type: "Parallel", Branches, End: true } } }).errors;
}

/** The same sequence with other names for its states. */
export function renamed({ StartAt, States }: Sequence, rename: (name: string) => string): Sequence {
  return {
    StartAt: rename(StartAt),
    States: Object.fromEntries(
      Object.entries(States).map(([name, state]): [string, State] => [
        rename(name),
        {
          ...state,
          ...("Next" in state && { Next: rename(state.Next) }),
          ...(state.Type === "Parallel" && { Branches: state.Branches.map((branch) => renamed(branch, rename)) }),
        },
      ]),
    ),
  };
}
