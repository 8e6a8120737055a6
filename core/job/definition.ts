import { z } from "zod";
import { ENDS } from "../run/run-end.ts";
import { scheduleSchema } from "../schedule/definition.ts";
import { workflowExecutorSchema } from "../workflow/definition.ts";
import { executorSchema } from "./executor.ts";
import { durationSchema } from "./duration.ts";
import { nameSchema } from "./name.ts";
import { runFields } from "./run-fields.ts";

/** What the runs of a job do: the executor of a worker, or a workflow, which the engine itself carries. */
const jobExecutorSchema = z
  .discriminatedUnion("type", [...executorSchema.options, workflowExecutorSchema])
  .meta({ id: "JobExecutor" });

const labelText = z.string().min(1).max(256);

/**
 * A job as its author writes it, in YAML or JSON. Rules that span fields are kept by `compileJob`; defaults are written
 * in one place, there.
 */
export const jobDefinitionSchema = z
  .strictObject({
    name: nameSchema,
    description: z.string().max(2_000).optional(),
    labels: z.record(labelText, labelText).optional(),
    schedule: scheduleSchema.optional(),
    /** Runs of other jobs of the namespace after each of which this one runs, for the same slot. */
    startAfter: z
      .array(
        z.strictObject({
          job: nameSchema,
          /** Default `success`. */
          on: z.enum(ENDS).optional(),
        }),
      )
      .min(1)
      .max(20)
      .optional(),
    executor: jobExecutorSchema,
    /** JSON Schema (2020-12) that the parameters of a run must meet. */
    parametersSchema: z.record(z.string(), z.json()).optional(),
    /** What becomes of slots that were missed while the scheduler could not act. */
    misfire: z
      .strictObject({
        /** Fire the `last` missed slot (default), `all` of them, or `none`. */
        policy: z.enum(["last", "all", "none"]).optional(),
        /** Slots later than this are not fired. Default 24h. */
        maxLateness: durationSchema("1s", "366d").optional(),
        /** With `all`: at most so many, the newest. Default 100. */
        limit: z.number().int().min(1).max(1_000).optional(),
      })
      .optional(),
    /** What happens when a slot is due while an earlier run of the job has not ended. Default `skip`. */
    overlap: z.enum(["allow", "skip", "queueOne", "queueAll", "cancelPrevious", "terminatePrevious"]).optional(),
    /** Pause the job after so many runs in a row have failed. */
    pauseAfterFailures: z.number().int().min(1).max(1_000).optional(),
    ...runFields,
  })
  .meta({ id: "JobDefinition" });

export type JobDefinition = z.infer<typeof jobDefinitionSchema>;
