import { durationMs } from "../job/duration.ts";
import { readInstant } from "../schedule/instant.ts";
import { ScheduleError } from "../schedule/schedule-error.ts";
import { checkNeeds } from "./check-needs.ts";
import { checkStep, invalid, type NamedStep, stepsOf } from "./check-steps.ts";
import type { StepDefinition, WorkflowDefinition } from "./definition.ts";
import { compileExpression, type ExpressionRules, type ExpressionUse } from "./expression.ts";
import { dependantsOf, topologicalOrder } from "./order.ts";
import {
  type MapAction,
  type Phase,
  PHASES,
  type PlanStep,
  type StepAction,
  type Tolerance,
  type WorkflowPlan,
} from "./plan.ts";
import { compileTemplate, wholeExpression } from "./template.ts";

/**
 * Compiles a workflow. All defaults of workflows stand here.
 *
 * @throws {WorkflowError} for the first rule that is broken
 */
export function compileWorkflow(workflow: WorkflowDefinition): WorkflowPlan {
  const named = stepsOf(workflow);
  const kinds = new Map([...named.values()].map((step) => [step.name, checkStep(step)]));
  checkNeeds(named);
  const needsOf = new Map([...named.values()].map(({ name, definition }) => [name, definition.needs ?? []]));
  const sorted = topologicalOrder(needsOf, (name) => named.get(name)?.pointer ?? "");
  const dependants = dependantsOf(new Map(sorted.map((name) => [name, needsOf.get(name) ?? []])));
  const inPhase = (phase: Phase) => sorted.filter((name) => named.get(name)?.phase === phase);
  const order = { main: inPhase("main"), onError: inPhase("onError"), finally: inPhase("finally") };
  const steps = PHASES.flatMap((phase) => order[phase]).flatMap((name) => named.get(name) ?? []);
  return {
    order,
    steps: new Map(
      steps.map((step) => [
        step.name,
        {
          ...compileStep(step, named),
          dependants: dependants.get(step.name) ?? [],
          gates: (needsOf.get(step.name) ?? []).filter(
            (need) => kinds.get(need) === "switch" && chooses(named.get(need), step.name),
          ),
        },
      ]),
    ),
    outputs: new Map(
      Object.entries(workflow.outputs ?? {}).map(([name, text]) => [
        name,
        compileExpression(text, {
          use: "value",
          insideMap: false,
          pointer: `/executor/outputs/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`,
          stepProblem: (step) => problemOfOutput(step, named),
        }),
      ]),
    ),
  };
}

function chooses(gate: NamedStep | undefined, name: string): boolean {
  const { cases = [], default: otherwise = [] } = gate?.definition.switch ?? {};
  return otherwise.includes(name) || cases.some(({ choose }) => choose.includes(name));
}

function compileStep(step: NamedStep, named: Steps): Omit<PlanStep, "dependants" | "gates"> {
  const { name, phase, definition } = step;
  const rules = rulesOf(step, named);
  return {
    name,
    phase,
    needs: definition.needs ?? [],
    rule: definition.rule ?? "allSucceeded",
    when: definition.when === undefined ? undefined : compileExpression(definition.when, rules("condition", "when")),
    allowFailure: definition.allowFailure ?? false,
    action: compileAction(step, rules),
    definition,
  };
}

type Steps = ReadonlyMap<string, NamedStep>;
/** Rules of the expression at a path below the step. */
type RulesOf = (use: ExpressionUse, path: string) => ExpressionRules;

function rulesOf(step: NamedStep, named: Steps): RulesOf {
  let ancestors: ReadonlySet<string> | undefined;
  return (use, path) => ({
    use,
    insideMap: false,
    afterMain: step.phase !== "main",
    pointer: `${step.pointer}/${path}`,
    stepProblem: (name) => problemOfName(name, step, { named, ancestors: (ancestors ??= ancestorsOf(step, named)) }),
  });
}

function compileAction({ name, pointer, definition }: NamedStep, rules: RulesOf): StepAction {
  if (definition.workflow !== undefined) {
    const map = compileMap(definition, rules);
    const { job, parameters } = definition.workflow;
    return {
      kind: "workflow",
      job,
      parameters: compileParameters(parameters, { map, rules, path: "workflow/parameters" }),
      map,
    };
  }
  if (definition.wait?.for !== undefined) return { kind: "waitFor", durationMs: durationMs(definition.wait.for) };
  if (definition.wait?.until !== undefined) {
    return { kind: "waitUntil", until: compileUntil(definition.wait.until, { name, pointer, rules }) };
  }
  if (definition.switch !== undefined) {
    const cases = definition.switch.cases.map(({ when, choose }, index) => ({
      when: compileExpression(when, rules("condition", `switch/cases/${index}/when`)),
      choose,
    }));
    return { kind: "switch", cases, default: definition.switch.default ?? [] };
  }
  if (definition.approval !== undefined) {
    const { by, expiresAfter, onExpiry = "reject" } = definition.approval;
    const expiresAfterMs = expiresAfter === undefined ? undefined : durationMs(expiresAfter);
    return { kind: "approval", by, expiresAfterMs, onExpiry };
  }
  if (definition.awaits !== undefined) {
    const { job, window = "day", offset = 0, on = "success", expiresAfter } = definition.awaits;
    const expiresAfterMs = expiresAfter === undefined ? undefined : durationMs(expiresAfter);
    return { kind: "awaits", job, window, offset, on, expiresAfterMs };
  }
  const map = compileMap(definition, rules);
  return {
    kind: "executor",
    parameters: compileParameters(definition.parameters, { map, rules, path: "parameters" }),
    map,
  };
}

function compileMap({ map }: StepDefinition, rules: RulesOf): MapAction | undefined {
  if (map === undefined) return undefined;
  const { over, concurrency = 10, tolerate = 0 } = map;
  return {
    over: compileExpression(over, rules("list", "map/over")),
    concurrency,
    tolerate: toleranceOf(tolerate),
  };
}

function toleranceOf(tolerate: number | string): Tolerance {
  return typeof tolerate === "number" ? { items: tolerate } : { percent: Number(tolerate.slice(0, -1)) };
}

function compileParameters(
  parameters: StepDefinition["parameters"],
  { map, rules, path }: { readonly map: MapAction | undefined; readonly rules: RulesOf; readonly path: string },
) {
  return compileTemplate(parameters ?? {}, { ...rules("value", path), insideMap: map !== undefined });
}

function compileUntil(
  until: string,
  { name, pointer, rules }: { readonly name: string; readonly pointer: string; readonly rules: RulesOf },
) {
  const expression = wholeExpression(until);
  if (expression !== undefined) {
    return compileExpression(expression.text, { ...rules("instant", "wait/until"), offset: expression.offset });
  }
  try {
    return readInstant(until, "/until");
  } catch (error) {
    if (!(error instanceof ScheduleError)) throw error;
    throw invalid(`${pointer}/wait/until`, `Cannot wait in step "${name}": ${error.message}`);
  }
}

/** All steps that have ended, or may have, when a step of the phase begins: those that it needs, and those these need. */
function ancestorsOf(step: NamedStep, named: Steps): ReadonlySet<string> {
  const ancestors = new Set<string>();
  const open = [...(step.definition.needs ?? [])];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    if (ancestors.has(name)) continue;
    ancestors.add(name);
    open.push(...(named.get(name)?.definition.needs ?? []));
  }
  return ancestors;
}

function problemOfName(
  name: string,
  step: NamedStep,
  { named, ancestors }: { readonly named: Steps; readonly ancestors: ReadonlySet<string> },
): string | undefined {
  const other = named.get(name);
  if (other === undefined) return `there is no step "${name}"`;
  const isEarlier = PHASES.indexOf(other.phase) < PHASES.indexOf(step.phase);
  if (isEarlier || ancestors.has(name)) return undefined;
  return `step "${step.name}" does not need step "${name}", directly or through others`;
}

function problemOfOutput(name: string, named: Steps): string | undefined {
  return named.has(name) ? undefined : `there is no step "${name}"`;
}
