import type { JobDefinition } from "../job/definition.ts";
import { parseMacros } from "../run/macro-parser.ts";
import { invalid } from "./check-steps.ts";
import type { StepDefinition } from "./definition.ts";

type Rules = NonNullable<JobDefinition["concurrency"]>;
type Rule = Rules[number];

/**
 * Checks that a step finds room at its concurrency keys while the run of its workflow holds those of the workflow, which it
 * does until all steps have ended: the step would wait for the run, and the run for the step. Of scope `job` each has keys
 * of its own, so this is about the namespace's.
 *
 * Only what is certain is refused: that both keys are the same in every run, and that there is no room even when nobody
 * else holds the key.
 *
 * @throws {WorkflowError} `workflow-invalid`
 */
export function checkKeys(
  {
    name,
    pointer,
    definition,
  }: { readonly name: string; readonly pointer: string; readonly definition: StepDefinition },
  ofWorkflow: Rules,
): void {
  const { concurrency = [], parameters = {} } = definition;
  for (const [index, rule] of concurrency.entries()) {
    const held = ofWorkflow.find((other) => isSameKey(other, rule));
    // A key that is named twice is taken once, as the first says.
    if (held === undefined || concurrency.findIndex((other) => isSameKey(other, rule)) < index) continue;
    const { limit, weight = 1, key } = rule;
    const { weight: heldWeight = 1 } = held;
    if (heldWeight + weight <= limit || !isSameInStep(key ?? "", new Set(Object.keys(parameters)))) continue;
    const words = key === undefined ? "the key of the namespace" : `key "${key}" of the namespace`;
    const rest = `the workflow itself holds ${heldWeight} of it while its steps run, and the step needs ${weight}`;
    const message = `Cannot run step "${name}": it would wait for ever for ${words}, whose limit is ${limit}; ${rest}`;
    throw invalid(`${pointer}/concurrency/${index}`, message);
  }
}

function isSameKey(a: Rule, b: Rule): boolean {
  return a.scope === "namespace" && b.scope === "namespace" && a.key === b.key;
}

/** Whether a text stands for the same in a step's run as in the run of its workflow, whatever both are started with. */
function isSameInStep(text: string, parameters: ReadonlySet<string>): boolean {
  return parseMacros(text).every((part) => {
    if (typeof part === "string") return true;
    if (part.root === "run") return part.name !== "id";
    if (part.root !== "parameters") return true;
    const [first] = part.path;
    return first === undefined ? parameters.size === 0 : !parameters.has(first);
  });
}
