import type { ExecutorDefinition } from "../../core/job/executor.ts";
import { STEP_KINDS } from "../../core/workflow/check-steps.ts";
import { compileWorkflow } from "../../core/workflow/compile.ts";
import {
  type StepDefinition,
  type WorkflowDefinition,
  workflowExecutorSchema,
} from "../../core/workflow/definition.ts";
import type { WorkflowPlan } from "../../core/workflow/plan.ts";

export type Steps = Readonly<Record<string, Partial<StepDefinition>>>;

const TRUE_COMMAND: ExecutorDefinition = { type: "command", argv: ["true"] };

/** A workflow of steps that run a command where nothing else is said. */
export function aWorkflow(
  steps: Steps,
  more: { onError?: Steps; finally?: Steps; outputs?: Record<string, string> } = {},
) {
  const definition: WorkflowDefinition = {
    type: "workflow",
    steps: withCommands(steps),
    ...(more.onError !== undefined && { onError: { steps: withCommands(more.onError) } }),
    ...(more.finally !== undefined && { finally: { steps: withCommands(more.finally) } }),
    ...(more.outputs !== undefined && { outputs: more.outputs }),
  };
  return workflowExecutorSchema.parse(definition);
}

export function aPlan(steps: Steps, more: Parameters<typeof aWorkflow>[1] = {}): WorkflowPlan {
  return compileWorkflow(aWorkflow(steps, more));
}

function withCommands(steps: Steps): Record<string, StepDefinition> {
  return Object.fromEntries(Object.entries(steps).map(([name, step]) => [name, withCommand(step)]));
}

function withCommand(step: Partial<StepDefinition>): StepDefinition {
  const hasKind = STEP_KINDS.some((kind) => step[kind] !== undefined);
  return hasKind ? step : { executor: TRUE_COMMAND, ...step };
}
