import { z } from "zod";
import { STEP_KINDS } from "../../core/workflow/check-steps.ts";
import { stepNameSchema, TRIGGER_RULES } from "../../core/workflow/definition.ts";
import { PHASES } from "../../core/workflow/plan.ts";
import { instantText, noteSchema } from "./common.ts";
import { RUN_STATUSES, runSchema } from "./run.ts";

export type { StepDefinition, WorkflowDefinition } from "../../core/workflow/definition.ts";

const plannedStep = {
  name: z.string(),
  phase: z.enum(PHASES),
  kind: z.enum(STEP_KINDS),
  /** Whether it runs for each item of a list. */
  map: z.boolean(),
  /** Steps of the same phase that it waits for. */
  needs: z.array(z.string()),
  rule: z.enum(TRIGGER_RULES),
  /** Whether its failure counts as success. */
  allowFailure: z.boolean(),
};

/** A workflow as a graph: drawn as text and for Mermaid, and its steps in an order in which each follows what it needs. */
export const workflowGraphSchema = z
  .object({
    job: z.string(),
    version: z.int().min(1),
    text: z.string(),
    mermaid: z.string(),
    /** `when`: the condition, in CEL. */
    steps: z.array(z.object({ ...plannedStep, when: z.string().optional() }).meta({ id: "GraphStep" })),
  })
  .meta({ id: "WorkflowGraph" });
export type WorkflowGraph = z.infer<typeof workflowGraphSchema>;

export const graphQuery = z.strictObject({
  version: z.int().min(1).max(99_999_999).optional().meta({ description: "Default: the one that governs now" }),
  format: z
    .enum(["json", "text", "mermaid"])
    .default("json")
    .meta({ description: "Other than `json`: that drawing alone, as text/plain" }),
});

const bytes = z.int().min(0).optional();

export const omittedFieldsSchema = z
  .object({ result: bytes, parameters: bytes, progress: bytes, attempts: bytes })
  .meta({ id: "OmittedFields" });
export type OmittedFields = z.infer<typeof omittedFieldsSchema>;

/** Names that `waitsFor` of a step holds. */
export const MAX_WAITS_TOLD = 20;

export const stepStateSchema = z
  .object({
    ...plannedStep,
    /** Of its run; `notStarted` while it has none. */
    status: z.enum([...RUN_STATUSES, "notStarted"]),
    /** While it has no run: steps that have to end before it can begin, at most 20 of them. */
    waitsFor: z.array(z.string()),
    /** How many more it waits for. */
    waitsForMore: z.int().min(1).optional(),
    /** When its first attempt began, of those that are known. */
    startedAt: instantText.optional(),
    /** Without the fields that `omitted` names; long texts of it, such as an error's message, are cut and end with `…`. */
    run: runSchema.optional(),
    omitted: omittedFieldsSchema.optional().meta({
      description:
        "Fields of the run that are too large to be told of every step, by the bytes of their JSON: above 1 KB, in workflows " +
        "of more than 256 steps above 256 KB divided by their number. The run by itself has them",
    }),
  })
  .meta({ id: "StepState" });
export type StepState = z.infer<typeof stepStateSchema>;

/** How the steps of a workflow's run stand. */
export const workflowStepsSchema = z
  .object({
    /** Of the workflow. */
    run: runSchema,
    /** In an order in which each follows what it needs. */
    steps: z.array(stepStateSchema),
    /** The steps that determined when it ended, or the last end so far; `waitedMs` is the time from the end before. */
    criticalPath: z.array(
      z
        .object({ step: z.string(), from: instantText, to: instantText, waitedMs: z.number() })
        .meta({ id: "CriticalStep" }),
    ),
    /** When attempts ran, drawn as text: a line for each. */
    gantt: z.string(),
  })
  .meta({ id: "WorkflowSteps" });
export type WorkflowSteps = z.infer<typeof workflowStepsSchema>;

/** A decision, or a hold, with what its maker has to say about it. */
export const noteRequestSchema = z.strictObject({ note: noteSchema.optional() }).meta({ id: "NoteRequest" });
export type NoteRequest = z.infer<typeof noteRequestSchema>;

const markAs = z.enum(["succeeded", "skipped"]);

export const markRequestSchema = z
  .strictObject({ as: markAs, note: noteSchema.optional() })
  .meta({ id: "MarkRequest" });
export type MarkRequest = z.infer<typeof markRequestSchema>;

export const redriveRequestSchema = z
  .strictObject({
    definition: z.enum(["same", "latest"]).default("same").meta({
      description: "Under the version of the former run, or under the job as it is now",
    }),
    from: z.array(stepNameSchema).max(1_000).default([]).meta({
      description: "Steps to run again although they have succeeded, and with them all that need them",
    }),
    marks: z.record(stepNameSchema, markAs).default({}).meta({
      description: "Steps that are taken as succeeded, or left out, instead of being run",
    }),
    note: noteSchema.optional().meta({ description: "Said of the marks" }),
  })
  .meta({ id: "RedriveRequest" });
/** As it is sent. */
export type RedriveRequest = z.input<typeof redriveRequestSchema>;
