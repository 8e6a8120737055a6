import type { Phase } from "../plan.ts";
import { WorkflowError } from "../workflow-error.ts";
import { type Block, type Parallel, type Row, stepsIn } from "./decompose.ts";

export const MAX_STATE_NAME_LENGTH = 80;

const PARALLEL_WORDS: Readonly<Record<Phase, string>> = {
  main: "Parallel",
  onError: "On error",
  finally: "Finally",
};
/** What the names of steps say besides, lest a step of `onError` that was passed by looks as if it had run. */
const PHASE_NOTES: Readonly<Record<Phase, string>> = { main: "", onError: " (on error)", finally: " (finally)" };

/**
 * A name for each block, however deep: `load`, `tell (on error)`, `Parallel 2 (extract and 3 more)`. Parallels are numbered
 * in each phase as they stand in the definition. Names of steps have neither capitals nor blanks, so that none is the same.
 *
 * @throws {WorkflowError} `workflow-invalid` when a name is too long or there twice, for a plan that no definition gives
 */
export function stateNames(phases: readonly (readonly [Phase, Row])[]): ReadonlyMap<Block, string> {
  const names = new Map(phases.flatMap(([phase, row]) => namesOf(row, phase)));
  checkNames([...names.values()]);
  return names;
}

function namesOf(row: Row, phase: Phase): readonly (readonly [Block, string])[] {
  let parallels = 0;
  return blocksIn(row).map((block) => {
    if (block.kind === "step") return [block, `${block.step}${PHASE_NOTES[phase]}`];
    parallels += 1;
    return [block, parallelName(`${PARALLEL_WORDS[phase]} ${parallels}`, block)];
  });
}

/** Says with which steps its branches begin: both, or the first and how many more there are. */
function parallelName(title: string, { branches }: Parallel): string {
  const [first = "", second = "", ...others] = branches.map((branch) => stepsIn(branch)[0] ?? "");
  const both = `${title} (${first} and ${second})`;
  const fits = others.length === 0 && both.length <= MAX_STATE_NAME_LENGTH;
  return fits ? both : `${title} (${first} and ${others.length + 1} more)`;
}

function blocksIn(row: Row): readonly Block[] {
  return row.flatMap((block) => (block.kind === "step" ? [block] : [block, ...block.branches.flatMap(blocksIn)]));
}

function checkNames(names: readonly string[]): void {
  const seen = new Set<string>();
  for (const name of names) {
    const problem =
      name.length > MAX_STATE_NAME_LENGTH
        ? `it has ${name.length} characters, at most ${MAX_STATE_NAME_LENGTH} may be`
        : seen.has(name)
          ? "another state has it too"
          : undefined;
    if (problem !== undefined) {
      throw new WorkflowError("workflow-invalid", {
        pointer: "/executor/steps",
        message: `Cannot name a state of Step Functions "${name}": ${problem}`,
      });
    }
    seen.add(name);
  }
}
