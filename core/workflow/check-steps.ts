import type { StepDefinition, WorkflowDefinition } from "./definition.ts";
import { PHASES, type Phase } from "./plan.ts";
import { WorkflowError } from "./workflow-error.ts";

/** Steps of all phases together: what one visit of a workflow can read and decide at once. */
export const MAX_STEPS = 1_000;
export const MAX_NEEDS = 10_000;

/** A step with its name, its phase and where it stands in the job's definition. */
export interface NamedStep {
  readonly name: string;
  readonly phase: Phase;
  readonly pointer: string;
  readonly definition: StepDefinition;
}

export const STEP_KINDS = ["executor", "workflow", "wait", "switch", "approval", "awaits"] as const;
export type StepKind = (typeof STEP_KINDS)[number];

/** Fields that only some kinds of steps have. All others go with every kind. */
const FIELD_KINDS = {
  map: ["executor", "workflow"],
  allowFailure: ["executor", "workflow", "approval", "awaits"],
  parameters: ["executor"],
  retry: ["executor"],
  timeouts: ["executor"],
  pool: ["executor"],
  priority: ["executor"],
  concurrency: ["executor"],
} as const satisfies Partial<Record<keyof StepDefinition, readonly StepKind[]>>;

/**
 * The steps of all phases, in the order in which they are written.
 *
 * @throws {WorkflowError} when there are none or too many, or two of them have one name
 */
export function stepsOf(workflow: WorkflowDefinition): ReadonlyMap<string, NamedStep> {
  const steps = new Map<string, NamedStep>();
  for (const phase of PHASES) {
    const pointer = phase === "main" ? "/executor/steps" : `/executor/${phase}/steps`;
    const written = Object.entries((phase === "main" ? workflow.steps : workflow[phase]?.steps) ?? {});
    if (written.length === 0 && (phase === "main" || workflow[phase] !== undefined)) {
      throw invalid(pointer, "Cannot run a workflow without steps");
    }
    for (const [name, definition] of written) {
      const other = steps.get(name);
      const at = `${pointer}/${name}`;
      if (other !== undefined) throw invalid(at, `Cannot use step name "${name}" twice: ${other.pointer} has it too`);
      steps.set(name, { name, phase, pointer: at, definition });
    }
  }
  checkSize(steps);
  return steps;
}

function checkSize(steps: ReadonlyMap<string, NamedStep>): void {
  const needs = [...steps.values()].reduce((sum, { definition }) => sum + (definition.needs?.length ?? 0), 0);
  const rule =
    steps.size > MAX_STEPS
      ? `${steps.size} steps, at most ${MAX_STEPS} may be`
      : needs > MAX_NEEDS
        ? `${needs} needs, at most ${MAX_NEEDS} may be`
        : undefined;
  if (rule === undefined) return;
  throw new WorkflowError("workflow-too-large", {
    pointer: "/executor/steps",
    message: `Cannot run a workflow of ${rule}`,
  });
}

/**
 * Checks a step by itself: that it does one thing, and has no field that this thing cannot use.
 *
 * @throws {WorkflowError} `workflow-invalid`
 */
export function checkStep({ name, pointer, definition }: NamedStep): StepKind {
  const [kind, second] = STEP_KINDS.filter((kind) => definition[kind] !== undefined);
  const kinds = STEP_KINDS.map((kind) => `\`${kind}\``).join(", ");
  if (kind === undefined) throw invalid(pointer, `Cannot run step "${name}": it has none of ${kinds}`);
  if (second !== undefined) {
    throw invalid(`${pointer}/${second}`, `Cannot run step "${name}": it has both \`${kind}\` and \`${second}\``);
  }
  for (const [field, allowed] of Object.entries(FIELD_KINDS) as [keyof typeof FIELD_KINDS, readonly StepKind[]][]) {
    if (definition[field] !== undefined && !allowed.includes(kind)) {
      throw invalid(
        `${pointer}/${field}`,
        `Cannot use \`${field}\` in step "${name}": it does not go with \`${kind}\``,
      );
    }
  }
  checkWait(name, pointer, definition);
  if (definition.rule === "anyFailed" && (definition.needs ?? []).length === 0) {
    throw invalid(`${pointer}/rule`, `Cannot use rule anyFailed in step "${name}": it needs no step that could fail`);
  }
  return kind;
}

function checkWait(name: string, pointer: string, { wait }: StepDefinition): void {
  if (wait === undefined) return;
  if (wait.for === undefined && wait.until === undefined) {
    throw invalid(`${pointer}/wait`, `Cannot wait in step "${name}": it has neither \`for\` nor \`until\``);
  }
  if (wait.for !== undefined && wait.until !== undefined) {
    throw invalid(`${pointer}/wait/until`, `Cannot wait in step "${name}": it has both \`for\` and \`until\``);
  }
}

export function invalid(pointer: string, message: string): WorkflowError {
  return new WorkflowError("workflow-invalid", { pointer, message });
}
