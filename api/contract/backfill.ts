import { z } from "zod";
import { prioritySchema } from "../../core/job/run-fields.ts";
import { instantSchema } from "../../core/schedule/definition.ts";
import { instantText, pageSchemaOf } from "./common.ts";

const orderSchema = z.enum(["oldestFirst", "newestFirst"]);
const reprocessSchema = z.enum(["none", "failed", "all"]);

/** Runs the job for its slots in [from, to), also those before the job was defined. */
export const backfillRequestSchema = z
  .strictObject({
    from: instantSchema,
    to: instantSchema,
    order: orderSchema.optional().meta({ description: "Default: oldestFirst" }),
    concurrency: z.int().min(1).max(1_000).optional().meta({ description: "Runs at the same time. Default: 1" }),
    reprocess: reprocessSchema.optional().meta({
      description: "Slots that ran before: leave them (`none`, default), run `failed` ones again, or `all`",
    }),
    priority: prioritySchema.optional().meta({ description: "Default: bulk" }),
    dryRun: z.boolean().optional().meta({ description: "Only tells which slots would run" }),
  })
  .meta({ id: "BackfillRequest" });
export type BackfillRequest = z.infer<typeof backfillRequestSchema>;

export const backfillSchema = z
  .object({
    id: z.string(),
    namespace: z.string(),
    job: z.string(),
    version: z.int(),
    from: instantText,
    to: instantText,
    order: orderSchema,
    concurrency: z.int(),
    reprocess: reprocessSchema,
    priority: prioritySchema,
    createdAt: instantText,
    by: z.string().optional(),
    state: z.enum(["running", "done", "cancelled"]),
    /** Slots handed to the queue so far. */
    submitted: z.int(),
    total: z.int(),
  })
  .meta({ id: "Backfill" });
export type Backfill = z.infer<typeof backfillSchema>;

export const backfillPageSchema = pageSchemaOf("BackfillPage", backfillSchema);

export const MAX_DRY_RUN_SLOTS = 100;

export const backfillPlanSchema = z
  .object({
    /** The first 100 that would run, oldest first. */
    slots: z.array(instantText),
    count: z.int(),
    /** Slots that ran before and would be left. */
    left: z.int(),
  })
  .meta({ id: "BackfillPlan" });
export type BackfillPlan = z.infer<typeof backfillPlanSchema>;
