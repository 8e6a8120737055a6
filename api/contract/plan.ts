import { z } from "zod";
import { jobDefinitionSchema } from "../../core/job/definition.ts";
import { instantText } from "./common.ts";

export const MAX_PLANNED = 1_000;
/** Slots compared before and after. */
export const PLANNED_SLOTS = 50;

export const planRequestSchema = z
  .strictObject({ definitions: z.array(jobDefinitionSchema).min(1).max(MAX_PLANNED) })
  .meta({ id: "PlanRequest" });
export type PlanRequest = z.infer<typeof planRequestSchema>;

export const diffEntrySchema = z
  .object({
    /** JSON Pointer into the definition. */
    path: z.string(),
    /** Absent when the field is new. */
    from: z.json().optional(),
    /** Absent when the field is gone. */
    to: z.json().optional(),
  })
  .meta({ id: "DiffEntry" });
export type DiffEntry = z.infer<typeof diffEntrySchema>;

export const plannedChangeSchema = z
  .object({
    name: z.string(),
    action: z.enum(["create", "update", "none"]),
    /** The version that the plan was made against: what an update sends as `If-Match`. Absent for a new job. */
    version: z.int().optional(),
    diff: z.array(diffEntrySchema),
    /** Slots that fire after the change and not before it, among the next 50 of each; the schedules are compared as far as both were looked at. */
    slotsGained: z.array(instantText),
    slotsLost: z.array(instantText),
  })
  .meta({ id: "PlannedChange" });
export type PlannedChange = z.infer<typeof plannedChangeSchema>;

export const planSchema = z.object({ changes: z.array(plannedChangeSchema) }).meta({ id: "Plan" });
export type Plan = z.infer<typeof planSchema>;
