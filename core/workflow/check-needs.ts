import { invalid, type NamedStep } from "./check-steps.ts";

type Steps = ReadonlyMap<string, NamedStep>;

/**
 * Checks that each need names another step of the same phase, once, and that a switch chooses among the steps that need
 * it.
 *
 * @throws {WorkflowError} `workflow-invalid`
 */
export function checkNeeds(steps: Steps): void {
  for (const step of steps.values()) {
    const { needs = [] } = step.definition;
    const seen = new Set<string>();
    needs.forEach((need, index) => {
      const problem = problemOfNeed(step, need, { steps, seen });
      if (problem !== undefined) {
        throw invalid(`${step.pointer}/needs/${index}`, `Cannot let step "${step.name}" need "${need}": ${problem}`);
      }
      seen.add(need);
    });
    checkTargets(step, steps);
  }
}

function problemOfNeed(
  step: NamedStep,
  need: string,
  { steps, seen }: { readonly steps: Steps; readonly seen: ReadonlySet<string> },
): string | undefined {
  const other = steps.get(need);
  if (other === undefined) return "there is no such step";
  if (need === step.name) return "it is that step itself";
  if (other.phase !== step.phase) return `it is a step of ${other.phase}, not of ${step.phase}`;
  return seen.has(need) ? "it does already" : undefined;
}

function checkTargets({ name, pointer, definition }: NamedStep, steps: Steps): void {
  if (definition.switch === undefined) return;
  const lists = [
    ...definition.switch.cases.map(({ choose }, index) => [`cases/${index}/choose`, choose] as const),
    ["default", definition.switch.default ?? []] as const,
  ];
  for (const [path, targets] of lists) {
    targets.forEach((target, index) => {
      if (steps.get(target)?.definition.needs?.includes(name) === true) return;
      const problem = steps.has(target) ? `it does not need "${name}"` : "there is no such step";
      throw invalid(`${pointer}/switch/${path}/${index}`, `Cannot let switch "${name}" choose "${target}": ${problem}`);
    });
  }
}
