import type { StepDefinition, WorkflowDefinition } from "../../api/contract/workflow.ts";

/** A step that may name no other steps than `Others`. */
type Step<Others extends string> = Omit<StepDefinition, "needs" | "switch"> & {
  needs?: Others[];
  switch?: {
    cases: { when: string; choose: Others[] }[];
    default?: Others[];
  };
};

/** The steps of one phase: each may name the others. */
type Steps<Names extends string> = { [Name in Names]: Step<Exclude<NoInfer<Names>, Name>> };

/**
 * The executor of a job that is a workflow, as given. A need or a choice that is no other step of the same phase does not
 * compile; what only the whole tells, such as steps that wait for each other, the server refuses.
 *
 * ```ts
 * const executor = defineWorkflow({
 *   steps: {
 *     extract: { executor: { type: "command", argv: ["./extract"] } },
 *     load: { needs: ["extract"], executor: { type: "command", argv: ["./load"] } },
 *   },
 * });
 * await client.jobs.put("default", { name: "etl", executor }, { ifAbsent: true });
 * ```
 */
export function defineWorkflow<Main extends string, OnError extends string = never, Finally extends string = never>(
  workflow: Pick<WorkflowDefinition, "outputs"> & {
    steps: Steps<Main>;
    onError?: { steps: Steps<OnError> };
    finally?: { steps: Steps<Finally> };
  },
): WorkflowDefinition {
  return { type: "workflow", ...workflow };
}
