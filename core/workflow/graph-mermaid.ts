import { getStep, type Phase, PHASES, type PlanStep, type WorkflowPlan } from "./plan.ts";

const MAX_LABEL_LENGTH = 60;

/** Shapes of nodes by kind, in Mermaid's brackets. */
const SHAPES: Readonly<Record<PlanStep["action"]["kind"], readonly [string, string]>> = {
  executor: ["[", "]"],
  workflow: ["[[", "]]"],
  waitFor: ["([", "])"],
  waitUntil: ["([", "])"],
  switch: ["{", "}"],
  approval: ["{{", "}}"],
  awaits: ["[/", "/]"],
};

/**
 * Draws a workflow as a Mermaid flowchart, from left to right: a subgraph for each phase, edges that say what a switch
 * chooses by them or which rule other than `allSucceeded` they belong to.
 *
 * @see https://mermaid.js.org/syntax/flowchart.html
 */
export function graphMermaid(plan: WorkflowPlan): string {
  // Names of steps may be words of the language, such as `end`: nodes have numbers.
  const ids = new Map([...plan.steps.keys()].map((name, index) => [name, `s${index}`]));
  const phases = PHASES.filter((phase) => plan.order[phase].length > 0);
  const edges = phases.slice(1).map((phase, index) => `  ${phases[index] ?? ""} -.-> ${phase}`);
  return ["flowchart LR", ...phases.flatMap((phase) => subgraph(plan, phase, ids)), ...edges, ""].join("\n");
}

function subgraph(plan: WorkflowPlan, phase: Phase, ids: ReadonlyMap<string, string>): readonly string[] {
  const steps = plan.order[phase].map((name) => getStep(plan, name));
  return [
    `  subgraph ${phase}`,
    ...steps.map((step) => `    ${ids.get(step.name) ?? ""}${nodeOf(step)}`),
    ...steps.flatMap((step) => step.needs.map((need) => `    ${edgeTo(step, getStep(plan, need), ids)}`)),
    "  end",
  ];
}

function nodeOf({ name, action }: PlanStep): string {
  const [open, close] = SHAPES[action.kind];
  const isMap = (action.kind === "executor" || action.kind === "workflow") && action.map !== undefined;
  return `${open}"${escape(isMap ? `${name} ×n` : name)}"${close}`;
}

function edgeTo(step: PlanStep, need: PlanStep, ids: ReadonlyMap<string, string>): string {
  const words = [
    ...choicesOf(need, step.name),
    ...(step.rule === "allSucceeded" ? [] : [step.rule]),
    ...(step.when === undefined ? [] : [`when ${step.when.text}`]),
  ];
  const label = words.length === 0 ? "" : `|"${escape(words.join(" · "))}"|`;
  return `${ids.get(need.name) ?? ""} -->${label} ${ids.get(step.name) ?? ""}`;
}

/** By which cases of a switch a step is chosen. */
function choicesOf({ action }: PlanStep, name: string): readonly string[] {
  if (action.kind !== "switch") return [];
  const cases = action.cases.filter(({ choose }) => choose.includes(name)).map(({ when }) => when.text);
  return action.default.includes(name) ? [...cases, "default"] : cases;
}

/** A text between double quotes; Mermaid writes characters of its own as `#name;` or `#number;`. */
function escape(text: string): string {
  const line = text.replaceAll(/\s+/g, " ");
  const cut = line.length > MAX_LABEL_LENGTH ? `${line.slice(0, MAX_LABEL_LENGTH).toWellFormed()}…` : line;
  return cut.replaceAll(/["#<>&`;\\|]/g, (letter) => `#${letter.charCodeAt(0)};`);
}
